import { startOfText } from "../base/cut-text.ts";
import type { CborValue } from "../model/cbor/value.ts";
import { entryOf } from "../model/cbor/value.ts";
import { decodeCbor } from "../model/cbor/decode.ts";
import type { TestVerdict } from "../model/score.ts";
import type { Watched } from "./judge-place.ts";

/** What one run of one test found. */
export interface TestRun {
  readonly verdict: TestVerdict;
  readonly message?: string;
  readonly expected?: string;
  readonly actual?: string;
  /** The solution's sandbox. */
  readonly solution?: Watched;
  /** The bytes of what it answered: part of the score's digest. */
  readonly answer?: Uint8Array;
  /** The judge itself ended without a verdict while it held what the solution gave. */
  readonly judgeFailed?: true;
  /** The solution's sandbox was ended when the judge was done: how it ended is nobody's doing. */
  readonly raced?: true;
  readonly flags?: readonly string[];
}

/** A test of a task that is prepared: run any number of times, each in fresh sandboxes. */
export interface PreparedTest {
  readonly name: string;
  readonly weight: number;
  readonly run: (solution: Solution) => Promise<TestRun>;
}

/** A task whose tests are fixed. */
export interface PreparedTask {
  readonly tests: readonly PreparedTest[];
  readonly assurance: "full" | "weak";
}

/** The files of one solution. */
export interface Solution {
  readonly files: readonly { readonly path: string; readonly data: Uint8Array }[];
  readonly entry: string;
}

/** What a solution's host sends, by `python/sameseed/judge/solution.py`. */
export const solutionKinds = { value: 1, raised: 2, compile: 3, missing: 4, noValue: 5, ended: 6 } as const;

/** What a judge sends, by `python/sameseed/judge/judge.py`. */
export const judgeKinds = { done: 1, passed: 2, failed: 3, gone: 4, notLoaded: 5, broken: 6 } as const;

/** A failure as a sandbox tells it: texts for people. */
export interface Told {
  readonly type: string;
  readonly message: string;
  readonly trace: string;
  /** The limit that a solution's exception stands for, such as `memory_limit`. */
  readonly limit: string;
}

/** The most units of each text that a failure is told with: a solution may have written it, and a score holds one for each test. */
const toldMost: Readonly<Record<keyof Told, number>> = { type: 200, message: 2000, trace: 8192, limit: 40 };

/** Reads a map of texts; texts that are not there are empty, and long ones are cut. */
export function readTold(payload: Uint8Array): Told {
  const value = decoded(payload);
  const text = (name: keyof Told): string => {
    const found = value?.type === "map" ? entryOf(value.entries, name) : undefined;
    return found?.type === "text" ? startOfText(found.value, toldMost[name]) : "";
  };
  return { type: text("type"), message: text("message"), trace: text("trace"), limit: text("limit") };
}

/** Decodes bytes that a solution may have written; undefined where they are no canonical value. */
export function decoded(payload: Uint8Array): CborValue | undefined {
  try {
    return decodeCbor(payload, "protocol_broken");
  } catch {
    return undefined;
  }
}

const limitVerdicts: Readonly<Partial<Record<string, readonly [TestVerdict, string]>>> = {
  cpu: ["time_limit_cpu", "used up its CPU time"],
  wall: ["time_limit_idle", "used up its wall time"],
  memory: ["memory_limit", "used up its memory"],
  output: ["output_limit", "wrote more than it may"],
  killed: ["infra_error", "was ended from outside"],
};

/** The verdict of a sandbox that did not end by itself, or broke the protocol; undefined where it did neither. */
export function limitVerdict(solution: Watched): TestRun | undefined {
  const { reader, end } = solution;
  if (reader.broken)
    return {
      verdict: "tampered",
      message: "more than one answer, or none of the form, came from the solution",
      solution,
    };
  const limit = limitVerdicts[end.cause];
  if (limit === undefined) return undefined;
  return { verdict: limit[0], message: `the solution ${limit[1]}`, solution };
}

/** The verdict of a solution that ended by itself and has said nothing that counts. */
export function silentVerdict(solution: Watched): TestRun {
  const { end, stderrTail } = solution;
  const last = stderrTail.trim().split("\n").at(-1) ?? "";
  if (end.signal === "SIGSYS")
    return {
      verdict: "policy_violation",
      message: "the solution made a system call that is not allowed",
      solution,
    };
  if ((end.oomKills ?? 0) > 0 || /^MemoryError\b/.test(last))
    return { verdict: "memory_limit", message: "the solution used up its memory", solution };
  if (end.processLimitHit === true)
    return { verdict: "process_limit", message: "the solution used up its processes", solution };
  const how = end.signal === null ? `exited with status ${end.exitCode}` : `was ended by ${end.signal}`;
  return {
    verdict: "runtime_error",
    message: `the solution ${how}${last === "" ? "" : `: ${last}`}`,
    solution,
  };
}

/** The verdict on a failure that a solution's host tells of. What it says can only be one of these. */
export function toldVerdict(kind: number, told: Told, solution: Watched): TestRun {
  const message = `${told.type}: ${told.message}`;
  if (kind === solutionKinds.compile) return { verdict: "compile_error", message: told.message, solution };
  if (kind === solutionKinds.noValue)
    return {
      verdict: "wrong_answer",
      message: `what it returned is no plain value: ${told.message}`,
      solution,
    };
  if (kind === solutionKinds.missing) return { verdict: "runtime_error", message: told.message, solution };
  if (told.limit === "memory_limit" || told.limit === "process_limit")
    return { verdict: told.limit, message, solution };
  return { verdict: "runtime_error", message, solution };
}
