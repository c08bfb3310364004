import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { Limits } from "../../../src/model/limits.ts";
import { corpusFolder } from "../../../src/security/attack-program.ts";
import { runScript } from "../../../src/testing/contract-check.ts";
import type { MutatedWall } from "./mutated-wall.ts";

/** What a probe found: whether it got through the wall, and what it saw. */
export interface Finding {
  readonly through: boolean;
  readonly seen: string;
}

/** A program that tries one thing the wall forbids. */
export interface Probe {
  readonly name: string;
  /** Tries it against a wall that stands. */
  readonly run: (wall: MutatedWall) => Promise<Finding>;
}

const folder = join(import.meta.dirname, "..", "probes");

/** The source that gives a program `wait_really` and `ticks`: in a sealed world sleeps pass at once and clocks are no clocks. */
export const rawSource: string = readFileSync(join(corpusFolder(), "raw.py"), "utf8");

/** A program that stays until it is ended, in every world. */
export const staySource = "import signal\nwhile True: signal.pause()";

/**
 * The source of a probe program, with its parameters.
 * @param parts other files of the folder that it builds on
 */
export function probeSource(
  file: string,
  parameters: Readonly<Record<string, unknown>> = {},
  parts: readonly string[] = [],
): string {
  const read = (name: string): string => readFileSync(join(folder, `${name}.py`), "utf8");
  const literal = JSON.stringify(JSON.stringify(parameters));
  return [rawSource, ...["answer", ...parts].map(read), `PARAMS = json.loads(${literal})`, read(file)].join(
    "\n\n",
  );
}

/** A probe that is one program in one sandbox. */
export function program(
  file: string,
  options: {
    /** Where it differs from the file's. */
    readonly name?: string;
    readonly parameters?: Readonly<Record<string, unknown>>;
    readonly limits?: Partial<Limits>;
  } = {},
): Probe {
  return {
    name: options.name ?? file,
    run: async (wall) => {
      const { end, stdout, stderr } = await runScript(
        wall,
        probeSource(file, options.parameters),
        options.limits,
      );
      return readAnswer(stdout) ?? { through: false, seen: `ended by ${describe(end)} ${lastLine(stderr)}` };
    },
  };
}

/** The last line of an output that is a probe's answer. */
export function readAnswer(stdout: string): Finding | undefined {
  const line = stdout
    .trimEnd()
    .split("\n")
    .findLast((each) => each.startsWith("{"));
  return line === undefined ? undefined : (JSON.parse(line) as Finding);
}

function describe(end: { cause: string; exitCode: number | null; signal: string | null }): string {
  return `${end.cause}, ${end.signal ?? `status ${end.exitCode}`}`;
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1) ?? "";
}
