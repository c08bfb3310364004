import { type CborValue, entryOf } from "../../model/cbor/value.ts";
import type { Limits } from "../../model/limits.ts";
import type { PytestTask } from "../../model/score.ts";
import { firstLinkFd } from "../../rollout/plan-rollout.ts";
import { type JudgePlace, runWatched } from "../judge-place.ts";
import {
  judgeKinds,
  limitVerdict,
  type PreparedTask,
  type PreparedTest,
  readTold,
  silentVerdict,
  type Solution,
  type TestRun,
} from "../test-run.ts";
import { BadTask, judgeLimits, prepareInSandbox } from "./ask-judge.ts";
import { judgedVerdict, linked, namesOf, notLoadedVerdict } from "./judge-tests.ts";

const suitePath = "/tmp/judge/test_suite.py";

/**
 * Makes the tests of a `pytest` task, as pytest or, without it, the suite's own names count them.
 * @throws {BadTask}; what starting a sandbox throws
 */
export async function preparePytestTests(
  task: PytestTask,
  limits: Limits,
  place: JudgePlace,
): Promise<PreparedTask> {
  const seed = task.seed ?? 0;
  const file = { path: suitePath, data: Buffer.from(task.suite) };
  const listed = await prepareInSandbox(place, {
    call: "suite.list_suite",
    args: { path: suitePath },
    files: [file],
    seed,
  });
  const names = namesOf(listed);
  if (names.length === 0) throw new BadTask("the suite has no tests");
  const isSplit = task.split ?? !doesMoreThanCall(listed);
  const run = isSplit ? runSplit : runTogether;
  return {
    tests: names.map((name): PreparedTest => ({
      name,
      weight: 1,
      run: async (solution) => await run({ name, file, seed, limits, place }, solution),
    })),
    assurance: isSplit ? "full" : "weak",
  };
}

/** Whether the suite does what cannot be done with a solution in another process; its source says so. */
function doesMoreThanCall(listed: CborValue): boolean {
  const [first] = listed.type === "list" ? listed.items : [];
  return first?.type === "map" && entryOf(first.entries, "beyond")?.type === "text";
}

interface SuiteTest {
  readonly name: string;
  readonly file: { readonly path: string; readonly data: Uint8Array };
  readonly seed: number;
  readonly limits: Limits;
  readonly place: JudgePlace;
}

async function runSplit(
  { name, file, seed, limits, place }: SuiteTest,
  solution: Solution,
): Promise<TestRun> {
  const script = {
    role: "judge" as const,
    call: "suite.run_split",
    args: { path: suitePath, test: name, fd: firstLinkFd },
    files: [file],
    limits: { ...judgeLimits, wallMs: judgeLimits.wallMs + 2 * limits.wallMs },
    seed,
  };
  const [judged, ran] = await runWatched(
    place,
    [
      { script, kinds: 6 },
      { script: linked(solution, limits, seed), kinds: 0 },
    ],
    [[0, 1]],
    ({ answer }) => answer?.kind === judgeKinds.gone,
  );
  return { ...judgedVerdict(judged!, ran!), raced: true };
}

/** Tests and solution share a process: what is said of the test is what that process says. */
async function runTogether(
  { name, file, seed, limits, place }: SuiteTest,
  solution: Solution,
): Promise<TestRun> {
  const script = {
    role: "solution" as const,
    call: "suite.run_together",
    args: { path: suitePath, test: name, entry: solution.entry },
    files: [...solution.files, file],
    limits,
    seed,
  };
  const [watched] = await runWatched(place, [{ script, kinds: 6 }]);
  const ran = watched!;
  const early = limitVerdict(ran);
  if (early !== undefined) return early;
  const { answer } = ran.reader;
  if (answer === undefined) return silentVerdict(ran);
  if (answer.kind === judgeKinds.passed) return { verdict: "accepted", solution: ran };
  if (answer.kind === judgeKinds.notLoaded) return notLoadedVerdict(answer.payload, ran);
  const { type, message } = readTold(answer.payload);
  return { verdict: "wrong_answer", message: `${type}: ${message}`, solution: ran };
}
