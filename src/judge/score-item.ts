import type { Limits } from "../model/limits.ts";
import {
  type ScoreResult,
  type ScoreTask,
  type ScoreVerdict,
  type TestResult,
  type TestVerdict,
  untrustworthyVerdicts,
} from "../model/score.ts";
import { hackSignals } from "./hack-signals.ts";
import type { JudgePlace } from "./judge-place.ts";
import type { Lanes } from "./lanes.ts";
import { type SettledRun, settleTest } from "./run-test.ts";
import { scoreDigest } from "./score-digest.ts";
import type { PreparedTask, PreparedTest, Solution } from "./test-run.ts";

/** A score that is not yet an item's: equal completions share it. */
export type SharedScore = Omit<ScoreResult, "id" | "memoised">;

/** What is scored. */
export interface ScoreRequest {
  readonly task: ScoreTask;
  readonly prepared: PreparedTask;
  readonly solution: Solution;
  readonly key: string;
  readonly limits: Limits;
  /** Runs a solution that is known to be right, to tell a judge that fails from a value that makes it fail. */
  readonly gold: Solution | undefined;
  readonly calledAt: number;
}

const stdoutMost = 2000;

/**
 * Runs every test of a solution, each in fresh sandboxes, and adds them up.
 * @throws `aborted`
 */
export async function scoreSolution(
  request: ScoreRequest,
  place: JudgePlace,
  lanes: Lanes,
): Promise<SharedScore> {
  const { prepared, task, solution, key, calledAt } = request;
  let startedAt: number | undefined;
  const runOne = async (test: PreparedTest): Promise<SettledRun> => {
    const settled = await settleTest(
      async () => {
        startedAt ??= performance.now();
        return await test.run(solution);
      },
      place,
      lanes,
    );
    return await arbitrate(request, test, settled, place, lanes);
  };
  const runs =
    task.aggregate === "all"
      ? await untilFailure(prepared.tests, runOne)
      : await Promise.all(prepared.tests.map(runOne));
  const tests = prepared.tests.map((test, at) => toTestResult(test, runs[at]));
  const verdict = verdictOf(tests, task.aggregate ?? "fraction");
  const score = scoreOf(tests, verdict, task.aggregate ?? "fraction");
  const trustworthy = !untrustworthyVerdicts.includes(verdict);
  const startMs = startedAt ?? performance.now();
  const texts = solution.files.map(({ data }) => Buffer.from(data).toString());
  const message = tests.find((test) => test.verdict === verdict)?.message;
  return {
    task: task.id,
    score,
    verdict,
    trustworthy,
    retryable: verdict === "infra_error" || verdict === "cancelled",
    passed: tests.filter((test) => test.verdict === "accepted").length,
    total: tests.length,
    tests,
    assurance: prepared.assurance,
    flags: [...new Set([...hackSignals(texts), ...runs.flatMap((each) => each?.run.flags ?? [])])],
    ...(trustworthy || message === undefined ? {} : { message }),
    digest: scoreDigest(key, { verdict, score, tests }, runs),
    timings: {
      queueMs: round(startMs - calledAt),
      scoreMs: round(performance.now() - startMs),
      runs: runs.reduce((sum, each) => sum + (each?.runs ?? 0), 0),
    },
  };
}

/**
 * A judge that ended without a verdict while it held what a solution gave was brought down by that, or fails by itself. Where
 * the task has a solution that is known to be right, it decides: if that one passes, the value was at fault.
 */
async function arbitrate(
  { gold }: ScoreRequest,
  test: PreparedTest,
  settled: SettledRun,
  place: JudgePlace,
  lanes: Lanes,
): Promise<SettledRun> {
  if (settled.run.judgeFailed !== true) return settled;
  const flagged: SettledRun = { ...settled, run: { ...settled.run, flags: ["judge_limit"] } };
  if (gold === undefined) return flagged;
  const { run } = await settleTest(async () => await test.run(gold), place, lanes);
  if (run.verdict === "accepted") return flagged;
  return { ...settled, run: { ...settled.run, verdict: "grader_error" } };
}

/** One after the other, so that what is run does not depend on which ends first. */
async function untilFailure(
  tests: readonly PreparedTest[],
  runOne: (test: PreparedTest) => Promise<SettledRun>,
): Promise<(SettledRun | undefined)[]> {
  const runs: (SettledRun | undefined)[] = [];
  let failed = false;
  for (const test of tests) {
    const settled: SettledRun | undefined = failed ? undefined : await runOne(test);
    failed ||= settled?.run.verdict !== "accepted";
    runs.push(settled);
  }
  return runs;
}

function toTestResult({ name, weight }: PreparedTest, settled: SettledRun | undefined): TestResult {
  if (settled === undefined) {
    const nothing = { cpuMs: 0, wallMs: 0, peakMemoryBytes: 0, exitCode: null, signal: null, stdoutTail: "" };
    return { name, verdict: "not_run", weight, ...nothing };
  }
  const { verdict, message, expected, actual, solution, raced = false } = settled.run;
  return {
    name,
    verdict,
    weight,
    cpuMs: solution?.end.cpuMs ?? 0,
    wallMs: solution?.end.wallMs ?? 0,
    peakMemoryBytes: solution?.end.peakMemoryBytes ?? 0,
    exitCode: raced ? null : (solution?.end.exitCode ?? null),
    signal: raced ? null : (solution?.end.signal ?? null),
    stdoutTail: (solution?.stdoutTail ?? "").slice(-stdoutMost),
    ...(message === undefined ? {} : { message }),
    ...(expected === undefined ? {} : { expected }),
    ...(actual === undefined ? {} : { actual }),
  };
}

/** The verdict on all tests. One test that says nothing leaves the whole without a score: a part of it would be another's. */
export function verdictOf(
  tests: readonly { readonly verdict: TestVerdict }[],
  aggregate: "fraction" | "all",
): ScoreVerdict {
  const verdicts = tests.map(({ verdict }) => verdict);
  const counts = (verdict: TestVerdict): boolean =>
    verdict !== "not_run" && !(untrustworthyVerdicts as readonly string[]).includes(verdict);
  const failed = verdicts.find((verdict) => counts(verdict) && verdict !== "accepted");
  const silent = untrustworthyVerdicts.find((verdict) => verdicts.includes(verdict as TestVerdict));
  // Where all tests must pass, one that did not is enough.
  if (silent !== undefined && (aggregate === "fraction" || failed === undefined)) return silent;
  if (failed === undefined) return "accepted";
  if (aggregate === "fraction" && verdicts.includes("accepted")) return "partial";
  return failed as ScoreVerdict;
}

function scoreOf(
  tests: readonly TestResult[],
  verdict: ScoreVerdict,
  aggregate: "fraction" | "all",
): number | null {
  if (untrustworthyVerdicts.includes(verdict)) return null;
  if (verdict === "accepted") return 1;
  if (aggregate === "all") return 0;
  const weigh = (sum: number, { weight }: TestResult): number => sum + weight;
  const part = tests.filter((test) => test.verdict === "accepted").reduce(weigh, 0) / tests.reduce(weigh, 0);
  // Weights may be so far apart that the sum of some is that of all.
  return Math.min(part, 1 - Number.EPSILON);
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
