import { SameseedError } from "../../base/error.ts";
import type { Limits } from "../../model/limits.ts";
import type { CborValue } from "../../model/cbor/value.ts";
import type { JobFile } from "../../sandbox/contract.ts";
import { type JudgePlace, runWatched, type Watched } from "../judge-place.ts";
import { decoded, judgeKinds, readTold, type TestRun } from "../test-run.ts";

/** What the trusted side's own sandbox may use. */
export const judgeLimits: Limits = {
  wallMs: 120_000,
  cpuMs: 60_000,
  memoryMb: 1024,
  processes: 64,
  diskMb: 64,
  outputBytes: 64 * 1024 * 1024,
};

/** The task itself is at fault: every solution of it is unscorable, and the message says what to mend. */
export class BadTask extends Error {}

/** A question to the trusted side, in a sandbox that no solution's code is in. */
export interface Question {
  readonly call: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly files: readonly JobFile[];
  readonly seed: number;
}

/**
 * Asks the trusted side what a task's tests are, before there is any solution.
 * @throws {BadTask} where the task's own code fails; what starting a sandbox throws
 */
export async function prepareInSandbox(place: JudgePlace, question: Question): Promise<CborValue> {
  const watched = await runJudge(place, question);
  const { answer } = watched.reader;
  if (answer?.kind === judgeKinds.broken) {
    const { type, message } = readTold(answer.payload);
    throw new BadTask(`the task's own code failed: ${type}: ${message}`);
  }
  const value = answer?.kind === judgeKinds.done ? decoded(answer.payload) : undefined;
  if (value === undefined)
    throw new BadTask(
      `the task's own code ended without an answer (${watched.end.cause}, status ${watched.end.exitCode}): ${watched.stderrTail.trim().split("\n").at(-1) ?? ""}`,
    );
  return value;
}

/** Asks a checker about what a solution gave. `solution` is the sandbox that gave it. */
export async function askChecker(place: JudgePlace, question: Question, solution: Watched): Promise<TestRun> {
  const { reader, end } = await runJudge(place, question);
  const { answer } = reader;
  switch (answer?.kind) {
    case judgeKinds.passed:
      return { verdict: "accepted", solution };
    case judgeKinds.failed: {
      const { type, message } = readTold(answer.payload);
      const text = type === "checker" ? message : `the checker raised ${type}: ${message}`;
      return { verdict: "wrong_answer", message: text, solution };
    }
    case judgeKinds.broken: {
      const { type, message } = readTold(answer.payload);
      return {
        verdict: "grader_error",
        message: `the checker cannot be loaded: ${type}: ${message}`,
        solution,
      };
    }
    case undefined:
    default:
      return {
        verdict: "wrong_answer",
        message: `the checker ended without a verdict (${end.cause})`,
        judgeFailed: true,
        solution,
      };
  }
}

async function runJudge(place: JudgePlace, { call, args, files, seed }: Question): Promise<Watched> {
  const script = { role: "judge" as const, call, args, files, limits: judgeLimits, seed };
  const [watched] = await runWatched(place, [{ script, kinds: 6 }]);
  if (watched === undefined)
    throw new SameseedError("internal", "a sandbox was started without being watched");
  if (watched.end.cause === "killed")
    throw new SameseedError("sandbox_failed", "the judge's sandbox was ended from outside");
  return watched;
}
