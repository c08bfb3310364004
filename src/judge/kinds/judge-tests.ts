import type { Limits } from "../../model/limits.ts";
import { entryOf, type CborValue } from "../../model/cbor/value.ts";
import type { JudgeTask } from "../../model/score.ts";
import { type JudgePlace, runWatched, type Watched } from "../judge-place.ts";
import { firstLinkFd } from "../../rollout/plan-rollout.ts";
import {
  decoded,
  judgeKinds,
  limitVerdict,
  type PreparedTask,
  type PreparedTest,
  readTold,
  silentVerdict,
  type Solution,
  type TestRun,
  toldVerdict,
} from "../test-run.ts";
import { BadTask, judgeLimits, prepareInSandbox } from "./ask-judge.ts";

const judgePath = "/tmp/judge/judge.py";

/** One test of a judge's file: a function of it, or a statement that runs in its names. */
interface JudgedTest {
  readonly name: string;
  readonly statement: string | null;
}

/**
 * Makes the tests of a `judge` task: those of its file and its statements, counted before there is a solution.
 * @throws {BadTask}; what starting a sandbox throws
 */
export async function prepareJudgeTests(
  task: JudgeTask,
  limits: Limits,
  place: JudgePlace,
): Promise<PreparedTask> {
  const listed = await prepareInSandbox(place, {
    call: "judge.list_tests",
    args: { path: judgePath },
    files: [{ path: judgePath, data: Buffer.from(task.judge) }],
    seed: task.seed ?? 0,
  });
  const tests = [
    ...namesOf(listed).map((name): JudgedTest => ({ name, statement: null })),
    ...(task.asserts ?? []).map((statement, at): JudgedTest => ({ name: `assert ${at + 1}`, statement })),
  ];
  if (tests.length === 0) throw new BadTask("the judge's file has no function whose name begins with test");
  return {
    tests: tests.map((test): PreparedTest => ({
      name: test.name,
      weight: 1,
      run: async (solution) => await runJudged(task, test, limits, place, solution),
    })),
    assurance: "full",
  };
}

/** The names of tests as the trusted side lists them. */
export function namesOf(listed: CborValue): string[] {
  const each = listed.type === "list" ? listed.items : [];
  return each.flatMap((item) => {
    const name = item.type === "map" ? entryOf(item.entries, "name") : undefined;
    return name?.type === "text" ? [name.value] : [];
  });
}

async function runJudged(
  task: JudgeTask,
  { name, statement }: JudgedTest,
  limits: Limits,
  place: JudgePlace,
  solution: Solution,
): Promise<TestRun> {
  const seed = task.seed ?? 0;
  const judge = {
    role: "judge" as const,
    call: "judge.run_test",
    args: { path: judgePath, test: name, statement, fd: firstLinkFd },
    files: [{ path: judgePath, data: Buffer.from(task.judge) }],
    // The judge waits while the solution works.
    limits: { ...judgeLimits, wallMs: judgeLimits.wallMs + 2 * limits.wallMs },
    seed,
  };
  const [judged, ran] = await runWatched(
    place,
    [
      { script: judge, kinds: 6 },
      { script: linked(solution, limits, seed), kinds: 0 },
    ],
    [[0, 1]],
    ({ answer }) => answer?.kind === judgeKinds.gone,
  );
  return { ...judgedVerdict(judged!, ran!), raced: true };
}

/** The solution's side of a link to a judge. */
export function linked(
  solution: Solution,
  limits: Limits,
  seed: number,
): Parameters<typeof runWatched>[1][number]["script"] {
  return {
    role: "solution",
    call: "solution_link.serve",
    args: { fd: firstLinkFd, entry: solution.entry },
    files: solution.files,
    limits,
    seed,
  };
}

/** The verdict of a test that was run by a judge over a link. */
export function judgedVerdict(judged: Watched, solution: Watched): TestRun {
  const { answer } = judged.reader;
  if (solution.reader.broken || solution.reader.started)
    return { verdict: "tampered", message: "the solution wrote to the judge's stream", solution };
  switch (answer?.kind) {
    case judgeKinds.passed:
      return { verdict: "accepted", solution };
    case judgeKinds.failed: {
      const { type, message } = readTold(answer.payload);
      return { verdict: "wrong_answer", message: message === "" ? type : `${type}: ${message}`, solution };
    }
    case judgeKinds.gone:
      return goneVerdict(answer.payload, solution);
    case judgeKinds.notLoaded:
      return notLoadedVerdict(answer.payload, solution);
    case judgeKinds.broken: {
      const { type, message } = readTold(answer.payload);
      return {
        verdict: "grader_error",
        message: `the judge failed before it asked the solution: ${type}: ${message}`,
        solution,
      };
    }
    case undefined:
    default:
      if (judged.end.cause === "killed")
        return { verdict: "infra_error", message: "the judge's sandbox was ended from outside", solution };
      return {
        verdict: "wrong_answer",
        message: `the judge ended without a verdict (${judged.end.cause})`,
        judgeFailed: true,
        solution,
      };
  }
}

function goneVerdict(payload: Buffer, solution: Watched): TestRun {
  const told = decoded(payload);
  const broken = told?.type === "map" ? entryOf(told.entries, "broken") : undefined;
  if (broken?.type === "text")
    return { verdict: "tampered", message: `the solution broke its link: ${broken.value}`, solution };
  if (solution.end.cause === "killed")
    return { verdict: "runtime_error", message: "the solution closed its link and lived on", solution };
  return limitVerdict(solution) ?? silentVerdict(solution);
}

/** The verdict on a solution that could not be loaded, as its sandbox told it. */
export function notLoadedVerdict(payload: Buffer, solution: Watched): TestRun {
  const told = decoded(payload);
  const kind = told?.type === "map" ? entryOf(told.entries, "kind") : undefined;
  const said = told?.type === "map" ? entryOf(told.entries, "said") : undefined;
  if (kind?.type !== "int" || said?.type !== "bytes")
    return { verdict: "runtime_error", message: "the solution could not be loaded", solution };
  return toldVerdict(Number(kind.value), readTold(said.value), solution);
}
