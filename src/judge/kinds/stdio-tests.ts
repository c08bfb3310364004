import { startOfText } from "../../base/cut-text.ts";
import type { Limits } from "../../model/limits.ts";
import type { StdioTask, StdioTest } from "../../model/score.ts";
import { equalText } from "../compare/compare-text.ts";
import { type JudgePlace, runWatched, type Watched } from "../judge-place.ts";
import {
  limitVerdict,
  type PreparedTask,
  readTold,
  silentVerdict,
  type Solution,
  solutionKinds,
  type TestRun,
  toldVerdict,
} from "../test-run.ts";
import { tooLargeInput } from "../test-sizes.ts";
import { askChecker, BadTask } from "./ask-judge.ts";

const inputPath = "/tmp/judge/input";
const checkerPath = "/tmp/judge/checker.py";
const outputPath = "/tmp/judge/output";
const shownMost = 500;
/** Output beyond what is expected that is kept: more than that is wrong, however white space is counted. */
const keptMost = 8 << 20;

/** Keeps a program's output as far as it could still be right. */
export class KeptOutput {
  readonly #most: number;
  readonly #parts: Buffer[] = [];
  #length = 0;

  /** @param expected what it will be compared with; undefined where a checker decides */
  constructor(expected: string | undefined) {
    this.#most = mostKept(expected);
  }

  /** Takes a chunk; what is kept of it is copied. */
  push(data: Buffer): void {
    this.#length += data.length;
    if (this.#length <= this.#most) this.#parts.push(Buffer.from(data));
  }

  /** All of it; undefined where it was too much. */
  get bytes(): Buffer | undefined {
    return this.#length <= this.#most ? Buffer.concat(this.#parts) : undefined;
  }
}

/**
 * Makes the tests of a `stdio` task that Python solves.
 * @throws {BadTask}
 */
export function prepareStdioTests(task: StdioTask, limits: Limits, place: JudgePlace): PreparedTask {
  checkStdioTests(task);
  const tests = task.tests.map((test, at) => ({
    name: test.name ?? String(at + 1),
    weight: test.weight ?? 1,
    run: async (solution: Solution) => await runProgram(task, test, limits, place, solution),
  }));
  return { tests, assurance: "full" };
}

/** @throws {BadTask} */
export function checkStdioTests({ tests, checker }: StdioTask): void {
  if (tests.length === 0) throw new BadTask("the task has no tests");
  const bare = tests.findIndex(({ output }) => output === undefined);
  if (checker === undefined && bare >= 0)
    throw new BadTask(`test ${bare + 1} has no output, and the task has no checker`);
  for (const [at, { name, input, output }] of tests.entries()) {
    const besides = checker === undefined ? 0 : Buffer.byteLength(checker) + mostKept(output);
    const problem = tooLargeInput(name ?? String(at + 1), Buffer.byteLength(input), besides);
    if (problem !== undefined) throw new BadTask(problem);
  }
}

function mostKept(expected: string | undefined): number {
  return keptMost + (expected === undefined ? 0 : 2 * Buffer.byteLength(expected));
}

async function runProgram(
  task: StdioTask,
  test: StdioTest,
  limits: Limits,
  place: JudgePlace,
  solution: Solution,
): Promise<TestRun> {
  const script = {
    role: "solution" as const,
    call: "solution.run_program",
    args: { entry: solution.entry, question: inputPath },
    files: [...solution.files, { path: inputPath, data: Buffer.from(test.input) }],
    limits,
    seed: task.seed ?? 0,
  };
  const output = new KeptOutput(test.output);
  const [watched] = await runWatched(place, [{ script, kinds: 3, onStdout: (data) => output.push(data) }]);
  const ran = watched!;
  const early = limitVerdict(ran);
  if (early !== undefined) return early;
  const { answer, started } = ran.reader;
  if (answer?.kind === solutionKinds.compile) return toldVerdict(answer.kind, readTold(answer.payload), ran);
  if (started)
    return { verdict: "tampered", message: "the program wrote to the judge's stream", solution: ran };
  if (ran.end.exitCode !== 0) return silentVerdict(ran);
  return await judgeOutput(task, test, place, output.bytes, ran);
}

/** The verdict on a program that ended well, by what it wrote. */
export async function judgeOutput(
  task: StdioTask,
  test: StdioTest,
  place: JudgePlace,
  output: Buffer | undefined,
  solution: Watched,
): Promise<TestRun> {
  if (output === undefined)
    return { verdict: "wrong_answer", message: "the program wrote far more than is expected", solution };
  const text = output.toString();
  const seen = { answer: output, solution };
  if (test.output !== undefined && !equalText(test.output, text, task.compare ?? "lines")) {
    return {
      verdict: "wrong_answer",
      message: "another output",
      expected: shown(test.output),
      actual: shown(text),
      ...seen,
    };
  }
  if (task.checker === undefined) return { verdict: "accepted", ...seen };
  const question = {
    call: "judge.check_value",
    args: { path: checkerPath, question: inputPath, result: outputPath, text: true },
    files: [
      { path: checkerPath, data: Buffer.from(task.checker) },
      { path: inputPath, data: Buffer.from(test.input) },
      { path: outputPath, data: output },
    ],
    seed: task.seed ?? 0,
  };
  const run = await askChecker(place, question, solution);
  return { ...run, ...(run.verdict === "accepted" ? {} : { actual: shown(text) }), answer: output };
}

function shown(text: string): string {
  return text.length <= shownMost ? text : `${startOfText(text, shownMost)}…`;
}
