import { availableParallelism } from "node:os";

import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import type { ScoreItem, ScoreResult, ScoreTask } from "../../model/score.ts";
import { entryOf } from "../scorer.ts";
import { scoreAll } from "../score-completions.ts";
import { controlsOf } from "./controls.ts";

/** How tasks are checked. */
export interface CheckTasksOptions {
  /** How often each task's right solution is scored, alone and under load each. @default 1 */
  readonly repeat?: number;
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  readonly onResult?: (done: number, total: number) => void;
}

const optionNames: NamesOf<CheckTasksOptions> = {
  repeat: true,
  concurrency: true,
  signal: true,
  onResult: true,
};

/** What was found of one task. */
export interface CheckedTask {
  readonly task: string;
  readonly ok: boolean;
  /** What is wrong with it, as sentences. */
  readonly problems: readonly string[];
  /** The score of its right solution; null without one, or where it has none. */
  readonly gold: number | null;
  /** The scores of solutions that solve nothing. */
  readonly controls: Readonly<Record<string, number | null>>;
  readonly tests: number;
  /** The best score that one answer to everything gets, where expected values are known; a hint, not a problem. */
  readonly constant: number | null;
  /** Whether every run of the right solution, alone and under load, gave the same results; null where it ran once. */
  readonly stable: boolean | null;
}

/** What was found of all tasks. */
export interface TaskCheck {
  readonly ok: boolean;
  /** Whether each right solution gave the same results in every run. */
  readonly stable: boolean;
  readonly runs: number;
  /** Results that the host failed: they say nothing of a task. */
  readonly infra: number;
  readonly tasks: readonly CheckedTask[];
}

/** How many times more tests than processors run at once where a machine is put under load. */
const loadFactor = 4;

/**
 * Checks tasks before anything is trained on them: the right solution scores 1, those that solve nothing score 0, and the
 * same solution has the same results however often and however busily it is scored. As `sameseed score check` does.
 * @throws as `scoreCompletions`
 * @experimental
 */
export async function checkTasks(
  tasks: readonly ScoreTask[],
  options: CheckTasksOptions = {},
): Promise<TaskCheck> {
  refuseUnknownOptions(options, optionNames, "checkTasks");
  const { repeat = 1, concurrency = availableParallelism() + 1, signal, onResult } = options;
  const controls = tasks.flatMap((task) =>
    controlsOf(task).map(({ name, code }) => ({ name, item: itemOf(task, code) })),
  );
  const golds = tasks.flatMap((task) => (task.gold === undefined ? [] : [itemOf(task, task.gold)]));
  const again = (times: number): ScoreItem[] => Array.from({ length: times }, () => golds).flat();
  const alone = again(repeat);
  const loaded = repeat > 1 ? again(repeat) : [];
  let done = 0;
  const total = controls.length + alone.length + loaded.length;
  const score = async (items: readonly ScoreItem[], many: number): Promise<ScoreResult[]> => {
    const ordered: ScoreResult[] = [];
    for await (const { at, result } of scoreAll(items, { concurrency: many, signal, memoise: false })) {
      ordered[at] = result;
      onResult?.(++done, total);
    }
    return ordered;
  };
  const controlScores = await score(
    controls.map(({ item }) => item),
    concurrency,
  );
  const goldScores = await score(alone, repeat > 1 ? 1 : concurrency);
  goldScores.push(...(await score(loaded, loadFactor * availableParallelism())));
  const checked = tasks.map((task) => {
    const own = controls.flatMap(({ name, item }, at) =>
      item.task === task ? [[name, controlScores[at]!] as const] : [],
    );
    return checkedTask(
      task,
      own,
      goldScores.filter((result) => result.task === task.id),
    );
  });
  return {
    ok: checked.every(({ ok }) => ok),
    stable: checked.every(({ stable }) => stable !== false),
    runs: alone.length + loaded.length,
    infra: [...controlScores, ...goldScores].filter(({ verdict }) => verdict === "infra_error").length,
    tasks: checked,
  };
}

function itemOf(task: ScoreTask, code: string): ScoreItem {
  return { task, files: { [entryOf(task)]: code } };
}

function checkedTask(
  task: ScoreTask,
  controls: readonly (readonly [name: string, result: ScoreResult])[],
  golds: readonly ScoreResult[],
): CheckedTask {
  const problems: string[] = [];
  const [gold] = golds;
  const fault = [...golds, ...controls.map(([, result]) => result)].find(
    ({ verdict }) => verdict === "grader_error",
  );
  if (fault !== undefined) problems.push(`the task cannot be graded: ${fault.message ?? ""}`);
  else {
    if (gold === undefined) problems.push("it has no right solution (`gold`) to check it with");
    else if (gold.score !== 1) problems.push(goldProblem(gold));
    for (const [name, { score, passed }] of controls)
      if (score !== 0)
        problems.push(
          `a solution that solves nothing (${name}) scores ${score}: it passes ${passed} of its tests`,
        );
  }
  const digests = new Set(golds.map(({ digest }) => digest));
  if (digests.size > 1)
    problems.push(
      `its right solution gave ${digests.size} different results in ${golds.length} runs: ${unsteady(golds)}`,
    );
  return {
    task: task.id,
    ok: problems.length === 0,
    problems,
    gold: gold?.score ?? null,
    controls: Object.fromEntries(controls.map(([name, { score }]) => [name, score])),
    tests: gold?.total ?? controls[0]?.[1].total ?? 0,
    constant: constantScore(task),
    stable: golds.length > 1 ? digests.size === 1 : null,
  };
}

function goldProblem({ score, verdict, tests }: ScoreResult): string {
  const failed = tests.find((test) => test.verdict !== "accepted");
  const where =
    failed === undefined
      ? ""
      : `: test ${failed.name} is ${failed.verdict}${failed.message === undefined ? "" : `, ${failed.message}`}`;
  return `its right solution scores ${score} (${verdict})${where}`;
}

/** The first test that did not give the same each time. */
function unsteady(results: readonly ScoreResult[]): string {
  const [first] = results;
  const test = first?.tests.find((each, at) =>
    results.some(({ tests }) => tests[at]?.verdict !== each.verdict),
  );
  return test === undefined ? "its answers differ" : `test ${test.name} has not one verdict`;
}

/** The best score of one answer to every test: a task where it is high can be passed by guessing. */
function constantScore(task: ScoreTask): number | null {
  const expected =
    task.kind === "call"
      ? (task.tests ?? []).map(
          (test) => [JSON.stringify(test.expected ?? test.expectedPython), test.weight] as const,
        )
      : task.kind === "stdio"
        ? task.tests.map(({ output, weight }) => [output, weight] as const)
        : [];
  if (expected.length === 0 || expected.some(([value]) => value === undefined)) return null;
  const weights = new Map<string, number>();
  let all = 0;
  for (const [value, weight = 1] of expected) {
    all += weight;
    weights.set(value!, (weights.get(value!) ?? 0) + weight);
  }
  return Math.max(...weights.values()) / all;
}
