import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";

import { SameseedError } from "../base/error.ts";
import { limitsSchema, type Limits } from "../model/limits.ts";
import type { WorldMode } from "../model/receipt.ts";

/** How a program of the corpus is run. */
export type AttackKind = "script" | "command" | "collected" | "environment" | "policy";

/** One row of the corpus: a hostile program, and what must come of it. */
export interface AttackProgram {
  /** Its file's name without `.py`, such as `14-fd-bomb`. */
  readonly id: string;
  /** The file, from the package's root. */
  readonly program: string;
  /** What is run: the file with its header blanked, because a header may name the seed that its program looks for. */
  readonly source: string;
  readonly runsAs: AttackKind;
  /** What it may use, where that is less than {@link attackLimits}. */
  readonly limits: Partial<Limits>;
  /** What must be seen: `name: answer` lines. */
  readonly expects: readonly Expectation[];
  /** The attempts that are answered otherwise behind a plain container's wall: what shows that they are attempts. */
  readonly control: readonly string[];
  /** The limits under which it gets further than it may; undefined where limits are not what holds it. */
  readonly controlLimits: Partial<Limits> | undefined;
  /** The attempts that get through in the interpreter of the referee. */
  readonly controlInProcess: readonly string[];
  /** One sentence. */
  readonly why: string;
  /** How often it is run; each time the same must be seen. */
  readonly times: number;
  /** The rollout's seed. */
  readonly seed: number;
  /** Bytes that the host sends to a command's standard input. */
  readonly inputBytes: number;
  /** The only machine it can be run on, as `uname -m` names it. */
  readonly machine: string | undefined;
}

/** One line that must be seen. */
export interface Expectation {
  /**
   * Where alone it holds: with control groups or with per-process limits, in one of the two worlds, where a sandbox has an id of
   * the host to itself or where all have one, on one kind of processor. Empty: always.
   */
  readonly under: readonly Circumstance[];
  readonly line: string;
}

/** What a host or a world has that decides what must be seen. */
export type Circumstance = "groups" | "rlimits" | "own" | "shared" | "x64" | "arm64" | WorldMode;

/** What an attack may use where its header says nothing else: little, so that it ends soon. */
export const attackLimits: Limits = {
  wallMs: 20_000,
  cpuMs: 15_000,
  memoryMb: 128,
  processes: 32,
  diskMb: 16,
  outputBytes: 4 * 1024 * 1024,
};

const defaultSeed = 11;
const circumstances = "groups|rlimits|own|shared|x64|arm64|sealed|host";
const headerLine = new RegExp(
  `^# ([a-z-]+)(?:\\[((?:${circumstances})(?: (?:${circumstances}))*)\\])?: (.+)$`,
);
const keys = new Set([
  "runs-as",
  "limits",
  "expects",
  "control",
  "control-limits",
  "control-in-process",
  "why",
  "times",
  "seed",
  "input",
  "machine",
]);
const whole: z.ZodType<number> = z
  .string()
  .regex(/^\d{1,16}$/)
  .transform(Number);
const kindSchema: z.ZodType<AttackKind> = z.enum(["script", "command", "collected", "environment", "policy"]);

/** The folder of the corpus: part of the source repository and of the installed package. */
export function corpusFolder(): string {
  return resolve(fileURLToPath(new URL("../../tests/security/corpus", import.meta.url)));
}

/**
 * Reads every program of the corpus, in the order of the ids.
 * @throws `internal` where there is no corpus, or a header is not of its form
 */
export function loadCorpus(folder: string = corpusFolder()): AttackProgram[] {
  if (!existsSync(folder)) throw new SameseedError("internal", `there is no corpus at ${folder}`);
  return readdirSync(folder)
    .filter((name) => /^\d\d.*\.py$/.test(name))
    .sort()
    .map((name) => parseProgram(name, readFileSync(join(folder, name), "utf8")));
}

/** Reads one program's header: the comment lines it begins with. @throws `internal` where it is not of its form */
export function parseProgram(name: string, source: string): AttackProgram {
  const refuse = (reason: string): never => {
    throw new SameseedError("internal", `the header of ${name}: ${reason}`);
  };
  const read = <T>(schema: z.ZodType<T>, value: unknown, what: string): T => {
    const parsed = schema.safeParse(value);
    return parsed.success ? parsed.data : refuse(`${what}: ${parsed.error.issues[0]?.message}`);
  };
  const values = new Map<string, string>();
  const expects: Expectation[] = [];
  for (const line of headerOf(source)) {
    const [, key = "", under, value = ""] = headerLine.exec(line) ?? [];
    if (!keys.has(key)) refuse(`${JSON.stringify(line)} is no line of a header`);
    else if (key === "expects")
      expects.push({ under: (under?.split(" ") ?? []) as Circumstance[], line: value });
    else if (values.has(key)) refuse(`${key} is there twice`);
    else values.set(key, value);
  }
  const readLimits = (key: string): Partial<Limits> => {
    const pairs = (values.get(key) ?? "").split(" ").filter(Boolean);
    const limits = Object.fromEntries(
      pairs
        .map((pair) => pair.split("="))
        .map(([name, value]) => [name, name === "network" ? value : Number(value)]),
    );
    return read(limitsSchema, limits, key) as Partial<Limits>;
  };
  if (expects.length === 0) refuse("it expects nothing, so it could not fail");
  return {
    id: name.replace(/\.py$/, ""),
    program: `tests/security/corpus/${name}`,
    source: source.replace(headerOf(source).join("\n"), "\n".repeat(headerOf(source).length - 1)),
    runsAs: read(kindSchema, values.get("runs-as"), "runs-as"),
    limits: readLimits("limits"),
    expects,
    control: (values.get("control") ?? "").split(", ").filter(Boolean),
    controlLimits: values.has("control-limits") ? readLimits("control-limits") : undefined,
    controlInProcess: (values.get("control-in-process") ?? "").split(", ").filter(Boolean),
    why: values.get("why") ?? refuse("it does not say why"),
    times: read(whole, values.get("times") ?? "1", "times"),
    seed: read(whole, values.get("seed") ?? String(defaultSeed), "seed"),
    inputBytes: read(whole, values.get("input") ?? "0", "input"),
    machine: values.get("machine"),
  };
}

const uncountedNetwork =
  "error: wall_unavailable a sandbox with a loopback network needs control groups: nothing else limits the memory of its sockets";

/**
 * What must be seen of a program on a host that limits by these means, in this world.
 * @param ids whether each sandbox has an id of the host to itself. @default "own"
 */
export function expectedLines(
  program: AttackProgram,
  enforcedBy: string,
  world: WorldMode,
  ids: "own" | "shared" = "own",
): string[] {
  // Where nothing counts the memory of sockets there are none, and the program is not run.
  if (program.limits.network !== undefined && enforcedBy === "rlimits") return [uncountedNetwork];
  const here: readonly string[] = [enforcedBy === "rlimits" ? "rlimits" : "groups", ids, world, process.arch];
  const lines = program.expects.filter(({ under }) => under.every((each) => here.includes(each)));
  return withDefaultEnd(
    program,
    lines.map(({ line }) => line),
  );
}

/** A program whose end is not in question ends in order. */
function withDefaultEnd({ runsAs }: AttackProgram, lines: readonly string[]): string[] {
  if (lines.some((line) => line.startsWith("end: "))) return [...lines];
  return [...lines, runsAs === "collected" ? "end: killed" : "end: exit 0"];
}

function headerOf(source: string): string[] {
  const lines = source.split("\n");
  const end = lines.findIndex((line) => !line.startsWith("# "));
  return lines.slice(0, end < 0 ? lines.length : end);
}
