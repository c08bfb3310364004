import { cborToJson } from "../../model/cbor/to-json.ts";
import { entryOf, type CborValue } from "../../model/cbor/value.ts";
import { startOfText } from "../../base/cut-text.ts";
import type { Limits } from "../../model/limits.ts";
import type { CallTask, CallTest } from "../../model/score.ts";
import { type Comparison, differenceOf } from "../compare/compare-value.ts";
import { type JudgePlace, runWatched } from "../judge-place.ts";
import {
  decoded,
  limitVerdict,
  type PreparedTask,
  type PreparedTest,
  readTold,
  silentVerdict,
  type Solution,
  solutionKinds,
  type TestRun,
  toldVerdict,
} from "../test-run.ts";
import { askChecker, BadTask, prepareInSandbox } from "./ask-judge.ts";

const testsPath = "/tmp/judge/tests.json";
const generatorPath = "/tmp/judge/generator.py";
const checkerPath = "/tmp/judge/checker.py";
const questionPath = "/tmp/judge/question";
const resultPath = "/tmp/judge/result";
const shownMost = 500;
const defaultGenerated = 10;

/** One test with the bytes that cross. */
interface CallCase {
  readonly name: string;
  readonly weight: number;
  readonly question: Uint8Array;
  readonly expected: CborValue | undefined;
  readonly raises: string | undefined;
  readonly how: Comparison;
}

/**
 * Makes the tests of a `call` task.
 * @throws {BadTask}; what starting a sandbox throws
 */
export async function prepareCallTests(
  task: CallTask,
  limits: Limits,
  place: JudgePlace,
): Promise<PreparedTask> {
  const given = task.tests ?? [];
  const files = [{ path: testsPath, data: Buffer.from(JSON.stringify(given.map(valuesOf))) }];
  if (task.generator !== undefined) files.push({ path: generatorPath, data: Buffer.from(task.generator) });
  const made = await prepareInSandbox(place, {
    call: "judge.prepare_calls",
    args: {
      path: testsPath,
      generator: task.generator === undefined ? null : generatorPath,
      count: task.generated ?? defaultGenerated,
    },
    files,
    seed: task.seed ?? 0,
  });
  const cases = made.type === "list" ? made.items.map((each, at) => toCase(task, given[at], each, at)) : [];
  if (cases.length === 0) throw new BadTask("the task has no tests");
  for (const { name, expected, raises } of cases)
    if (expected === undefined && raises === undefined && task.checker === undefined)
      throw new BadTask(
        `test ${name} has neither an expected value nor an exception, and the task has no checker`,
      );
  const tests = cases.map((each): PreparedTest => ({
    name: each.name,
    weight: each.weight,
    run: async (solution) => await runCall(task, each, limits, place, solution),
  }));
  return { tests, assurance: "full" };
}

function valuesOf({ args, kwargs, argsPython, expected, expectedPython }: CallTest): CallTest {
  return {
    ...(args === undefined ? {} : { args }),
    ...(kwargs === undefined ? {} : { kwargs }),
    ...(argsPython === undefined ? {} : { argsPython }),
    ...(expected === undefined ? {} : { expected }),
    ...(expectedPython === undefined ? {} : { expectedPython }),
  };
}

function toCase(task: CallTask, test: CallTest | undefined, made: CborValue, at: number): CallCase {
  const entry = (name: string): CborValue | undefined =>
    made.type === "map" ? entryOf(made.entries, name) : undefined;
  const question = entry("question");
  const expected = entry("expected");
  const name = entry("name");
  const strict = test === undefined || test.expectedPython !== undefined;
  return {
    name: test?.name ?? (name?.type === "text" ? name.value : String(at + 1)),
    weight: test?.weight ?? 1,
    question: question?.type === "bytes" ? question.value : new Uint8Array(),
    expected: expected?.type === "bytes" ? decoded(expected.value) : undefined,
    raises: test?.raises,
    how: {
      types: task.compare?.types ?? (strict ? "strict" : "loose"),
      relTol: task.compare?.relTol ?? 0,
      absTol: task.compare?.absTol ?? 0,
    },
  };
}

async function runCall(
  task: CallTask,
  test: CallCase,
  limits: Limits,
  place: JudgePlace,
  solution: Solution,
): Promise<TestRun> {
  const script = {
    role: "solution" as const,
    call: "solution.answer_call",
    args: {
      entry: solution.entry,
      function: task.function,
      question: questionPath,
      observe: task.observe ?? null,
    },
    files: [...solution.files, { path: questionPath, data: test.question }],
    limits,
    seed: task.seed ?? 0,
  };
  const [watched] = await runWatched(place, [{ script, kinds: 5 }]);
  const ran = watched!;
  const { answer } = ran.reader;
  const early = limitVerdict(ran);
  if (early !== undefined) return early;
  if (answer === undefined) {
    if (ran.reader.started)
      return { verdict: "tampered", message: "the solution's answer is cut short", solution: ran };
    return silentVerdict(ran);
  }
  if (ran.end.exitCode !== 0)
    return { verdict: "tampered", message: "the solution answered and then failed", solution: ran };
  const told = { answer: answer.payload };
  if (answer.kind !== solutionKinds.value) {
    const failure = readTold(answer.payload);
    if (test.raises !== undefined && answer.kind === solutionKinds.raised && failure.type === test.raises)
      return { verdict: "accepted", solution: ran, ...told };
    return { ...toldVerdict(answer.kind, failure, ran), ...told };
  }
  return { ...(await judgeValue(task, test, place, ran, answer.payload)), ...told };
}

async function judgeValue(
  task: CallTask,
  test: CallCase,
  place: JudgePlace,
  solution: NonNullable<TestRun["solution"]>,
  payload: Buffer,
): Promise<TestRun> {
  const value = decoded(payload);
  if (value === undefined)
    return { verdict: "tampered", message: "the solution's answer is no canonical value", solution };
  if (test.raises !== undefined)
    return {
      verdict: "wrong_answer",
      message: `no ${test.raises} was raised`,
      solution,
      actual: shown(value),
    };
  if (test.expected !== undefined) {
    const difference = differenceOf(test.expected, value, test.how);
    if (difference !== undefined) {
      const place = difference.path === "" ? "" : `at ${difference.path}: `;
      return {
        verdict: "wrong_answer",
        message: `${place}${difference.problem}`,
        expected: shown(test.expected),
        actual: shown(value),
        solution,
      };
    }
  }
  if (task.checker === undefined) return { verdict: "accepted", solution };
  const run = await askChecker(
    place,
    {
      call: "judge.check_value",
      args: { path: checkerPath, question: questionPath, result: resultPath, text: false },
      files: [
        { path: checkerPath, data: Buffer.from(task.checker) },
        { path: questionPath, data: test.question },
        { path: resultPath, data: payload },
      ],
      seed: task.seed ?? 0,
    },
    solution,
  );
  return run.verdict === "accepted" ? run : { ...run, actual: shown(value) };
}

function shown(value: CborValue): string {
  const text = JSON.stringify(cborToJson(value));
  return text.length <= shownMost ? text : `${startOfText(text, shownMost)}…`;
}
