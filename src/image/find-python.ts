import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import * as z from "zod";
import { SameseedError } from "../base/error.ts";
import { runTool } from "./run-tool.ts";
import { builderProgram } from "./runtime-files.ts";

/** A CPython of the host that an image can be made from. */
export interface HostPython {
  readonly version: string;
  /** Major and minor, such as `3.11`. */
  readonly series: string;
  /** The interpreter's real file, never a virtual environment's. */
  readonly executable: string;
  /** The folder that holds `os.py`. */
  readonly stdlib: string;
  /** The folder that holds `Python.h`, where the development files are installed. */
  readonly include: string;
  readonly extensionSuffix: string;
  /** `lib`, or `lib64` where the distribution says so. */
  readonly libDirectory: string;
  readonly machine: string;
  /** Such as `glibc 2.36`. */
  readonly libc: string;
  /** Whether it has pip itself. */
  readonly pip: boolean;
  /** Whether it can make virtual environments with pip. */
  readonly venv: boolean;
}

const described: z.ZodType<Omit<HostPython, "series"> & Description> = z.object({
  implementation: z.string(),
  version: z.string(),
  versionInfo: z.tuple([z.int(), z.int()]),
  executable: z.string(),
  stdlib: z.string(),
  include: z.string(),
  extensionSuffix: z.string(),
  freeThreaded: z.boolean(),
  libDirectory: z.string(),
  machine: z.string(),
  libc: z.string(),
  pip: z.boolean(),
  venv: z.boolean(),
});

interface Description {
  readonly implementation: string;
  readonly versionInfo: readonly [number, number];
  readonly freeThreaded: boolean;
}

const candidates: readonly string[] = [
  "python3",
  "python3.14",
  "python3.13",
  "python3.12",
  "python3.11",
  "python",
];

const installHint =
  "install Python 3.11 or newer with its venv module (on Debian and Ubuntu: apt-get install python3 python3-venv python3-dev)";

/**
 * Finds the Python to build from: the one given, else the first suitable on PATH (`python3`, then the
 * newest `python3.N`).
 *
 * @throws {SameseedError} `tool_missing` with the reason for every one that was refused.
 */
export async function findPython(given?: string): Promise<HostPython> {
  const refused: string[] = [];
  for (const command of given === undefined ? candidates : [given]) {
    const path = findOnPath(command);
    if (path === undefined) continue;
    const found = await describe(path);
    if (typeof found !== "string") return found;
    refused.push(`${path} ${found}`);
  }
  const what = given === undefined ? "no Python 3.11 or newer was found on PATH" : `${given} cannot be used`;
  throw new SameseedError("tool_missing", refused.length === 0 ? what : `${what}: ${refused.join("; ")}`, {
    hint: installHint,
    context: { tool: "python3", refused },
  });
}

/** The full path of a program on PATH, or of an executable path, or undefined. */
export function findOnPath(command: string, path: string = process.env["PATH"] ?? ""): string | undefined {
  const places = command.includes("/")
    ? [command]
    : path.split(delimiter).map((folder) => join(folder, command));
  return places.find((place) => {
    try {
      accessSync(place, constants.X_OK);
      return statSync(place).isFile();
    } catch {
      return false;
    }
  });
}

/** What the interpreter says of itself, or why it cannot be used. */
async function describe(path: string): Promise<HostPython | string> {
  const run = await runTool(path, [builderProgram("describe_host.py")]);
  if (run.exitCode !== 0) return "does not run";
  const parsed = described.safeParse(parseJson(run.stdout));
  if (!parsed.success) return "is not Python";
  const facts = parsed.data;
  const [major, minor] = facts.versionInfo;
  if (facts.implementation !== "cpython") return `is ${facts.implementation}, not CPython`;
  if (major !== 3 || minor < 11) return `is Python ${facts.version}`;
  if (facts.freeThreaded) return "is a free-threaded build";
  if (!facts.libc.startsWith("glibc"))
    return "is not linked to the GNU C library, which the locked wheels need";
  if (!facts.pip && !facts.venv)
    return `has neither pip nor a venv module (on Debian and Ubuntu: apt-get install python3.${minor}-venv)`;
  return { ...facts, series: `${major}.${minor}` };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
