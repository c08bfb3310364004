import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { sha256Of } from "../base/digest.ts";
import { makeOpenFolders } from "../base/make-folders.ts";
import { fingerprintFile, fingerprintInterpreter } from "./copy-interpreter.ts";
import type { HostPython } from "./find-python.ts";
import type { RequirementsLock } from "./requirements-lock.ts";
import type { RuntimeFiles } from "./runtime-files.ts";
import { findTools } from "./skeleton.ts";

/*
 * What a build reads is remembered beside the images, so that asking for an unchanged image costs some
 * milliseconds. Files of the host are told apart by path, size and time of change, as make does; the image's
 * own identity is its digest, which never rests on them.
 */

/** What one build reads. */
export interface BuildInputs {
  readonly python: HostPython;
  readonly lock: RequirementsLock;
  readonly runtime: RuntimeFiles;
}

const recordSchema: z.ZodType<{ digest: string; libraries: string[] }> = z.object({
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  libraries: z.array(z.string()),
});

/** Changes when the builder itself makes other trees of the same inputs. */
const builderVersion = 1;

/**
 * Names a build by what it reads from the host. Left out are the libraries, which only building finds, and
 * the compiler: an image that is there stays good when its compiler is upgraded or gone.
 */
export function inputKey(inputs: BuildInputs): string {
  const tools = [...findTools()].map(([name, path]) => `${name} ${fingerprintFile(path)}`);
  return sha256Of([
    `sameseed/image-inputs/${builderVersion}\n`,
    `${inputs.lock.digest}\n${inputs.runtime.digest}\n`,
    [...fingerprintInterpreter(inputs.python), ...tools].join("\n"),
  ]).toString("hex");
}

/** The digest that these inputs gave before, unless a library it took from the host has changed since. */
export function knownDigest(images: string, key: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(recordPath(images, key), "utf8"));
  } catch {
    // No record, or one cut short by a crash: building again is always right.
    return undefined;
  }
  const record = recordSchema.safeParse(value);
  if (!record.success) return undefined;
  const unchanged = record.data.libraries.every(
    (line) => fingerprintFile(line.slice(0, line.indexOf(" "))) === line,
  );
  return unchanged ? record.data.digest : undefined;
}

/** Remembers what these inputs gave. */
export function rememberDigest(
  images: string,
  key: string,
  digest: string,
  libraries: readonly string[],
): void {
  makeOpenFolders(join(images, "inputs"));
  const record = { digest, libraries: libraries.map((path) => fingerprintFile(path)) };
  writeFileAtomic(recordPath(images, key), `${JSON.stringify(record)}\n`);
}

function recordPath(images: string, key: string): string {
  return join(images, "inputs", `${key}.json`);
}
