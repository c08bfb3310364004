import { existsSync } from "node:fs";
import * as z from "zod";

import { SameseedError } from "../../base/error.ts";
import { findOnPath } from "../../image/find-python.ts";
import { lastLines, runTool } from "../../image/run-tool.ts";
import { builderProgram } from "../../image/runtime-files.ts";
import { quotedPackage } from "../../image/build-again.ts";
import { shippedImageFor } from "../../image/shipped-images.ts";

/** An image that would have what an environment imports. */
export interface ImageProposal {
  /** What `image build --packages` takes. */
  readonly packages: readonly string[];
  /** Those of them that are not installed beside the interpreter that was asked: their names are likely, not known. */
  readonly guessed: readonly string[];
  readonly command: string;
}

const importsSchema = z.object({ packages: z.record(z.string(), z.string().nullable()) });

/**
 * Says which packages an environment needs, from what its file imports or its module is called.
 * @param name the image's name in the command that is proposed
 * @throws `bad_argument` where nothing can be said, `tool_missing`
 */
export async function proposeImage(
  envName: string,
  { name, python }: { readonly name: string; readonly python?: string | undefined },
): Promise<ImageProposal> {
  const file = /^(.+\.py)(?::[A-Za-z_]\w*)?$/.exec(envName)?.[1];
  const module = file === undefined ? /^([A-Za-z_][\w.]*):/.exec(envName)?.[1] : undefined;
  const target = file ?? module;
  if (target === undefined) return proposeForId(envName, name, python);
  if (file !== undefined && !existsSync(file)) {
    throw new SameseedError("bad_argument", `there is no file ${file}`, {
      hint: "give the path of the environment's file",
    });
  }
  const command = python ?? "python3";
  const interpreter = findOnPath(command);
  if (interpreter === undefined) {
    throw new SameseedError("tool_missing", `${command} was not found`, {
      hint: "give the interpreter that the environment is usually run with: --python PATH",
    });
  }
  const run = await runTool(interpreter, [builderProgram("find_imports.py"), target]);
  if (run.exitCode !== 0) {
    throw new SameseedError("bad_argument", `the imports of ${target} cannot be read`, {
      hint: "see Python's output",
      context: { output: lastLines(run.stderr) },
    });
  }
  const { packages } = importsSchema.parse(JSON.parse(run.stdout));
  const found = Object.entries(packages);
  return proposal(
    found.map(([each, version]) => (version === null ? each : `${each}==${version}`)),
    found.filter(([, version]) => version === null).map(([each]) => each),
    { name, python },
  );
}

function proposeForId(id: string, name: string, python: string | undefined): ImageProposal {
  const known = shippedImageFor(id)?.packages;
  if (known !== undefined) return proposal([known], [], { name, python });
  throw new SameseedError("bad_argument", `the id ${id} does not name the package that has it`, {
    hint: `write module:Id, such as highway_env:highway-v0, or name the package: sameseed image build ${name} --packages PACKAGE`,
    context: { environment: id },
  });
}

function proposal(
  packages: readonly string[],
  guessed: readonly string[],
  { name, python }: { readonly name: string; readonly python?: string | undefined },
): ImageProposal {
  const quoted = packages.map(quotedPackage);
  const withPython = python === undefined ? "" : ` --python ${python}`;
  const what = quoted.length === 0 ? "gymnasium" : quoted.join(" ");
  return { packages, guessed, command: `sameseed image build ${name} --packages ${what}${withPython}` };
}
