import { SameseedError } from "../../base/error.ts";
import type { ScoreItem, ScoreTask } from "../../model/score.ts";
import { checkItem, checkTask } from "../task-schema.ts";
import { parseMarkedJson } from "./exact-numbers.ts";
import { type JsonLine, readJsonLines } from "./json-lines.ts";
import { taskOfRow, textOf, type Row } from "./task-rows.ts";

const valueFields = ["args", "kwargs", "expected"];

/**
 * Reads a file of tasks: Sameseed's own, or rows as HumanEval, MBPP, APPS and LiveCodeBench have them.
 * @throws `bad_argument` with the file and line
 * @experimental
 */
export function readTasks(path: string): ScoreTask[] {
  const tasks = readJsonLines(path).map((each) => readTask(each, path));
  if (tasks.length === 0) throw new SameseedError("bad_argument", `${path} holds no task`);
  const seen = new Set<string>();
  for (const { id } of tasks) {
    if (seen.has(id)) throw new SameseedError("bad_argument", `${path} holds two tasks with the id ${id}`);
    seen.add(id);
  }
  return tasks;
}

/** One task of one line. @throws `bad_argument` */
export function readTask({ row, text, line }: JsonLine, path: string): ScoreTask {
  const what = `the task in line ${line} of ${path}`;
  const own = "kind" in row ? withExactNumbers(row, text) : taskOfRow(row);
  if (own === undefined)
    throw new SameseedError("bad_argument", `${what} is of no form that is known`, {
      hint: "a task has a `kind`: call, stdio, judge or pytest; rows of HumanEval, MBPP, APPS and LiveCodeBench are read as they are",
    });
  return checkTask(own, what);
}

/** The task with its values as its text has them: JavaScript cannot tell 1 from 1.0. */
function withExactNumbers(row: Row, text: string): Row {
  if (row["kind"] !== "call" || !Array.isArray(row["tests"])) return row;
  const marked = (parseMarkedJson(text) as Record<string, unknown>)["tests"] as Record<string, unknown>[];
  const tests = row["tests"].map((test: unknown, at) =>
    typeof test !== "object" || test === null
      ? test
      : Object.fromEntries(
          Object.entries(test).map(([name, value]) => [
            name,
            valueFields.includes(name) ? marked[at]![name] : (value as unknown),
          ]),
        ),
  );
  return { ...row, tests };
}

/**
 * Reads a file of completions: `{task, completion | files, id?}` a line, `task_id` for `task` as samples of data sets have it.
 * @throws `bad_argument` with the file and line
 * @experimental
 */
export function readCompletions(path: string, tasks: readonly ScoreTask[]): ScoreItem[] {
  const known = new Map(tasks.map((task) => [task.id, task]));
  const ids = new Set<string>();
  return readJsonLines(path).map(({ row, line }, at) => {
    const what = `line ${line} of ${path}`;
    const name = row["task"] ?? row["task_id"];
    const task = known.get(textOf(name));
    if (task === undefined)
      throw new SameseedError(
        "bad_argument",
        `${what} names the task ${JSON.stringify(name)}, which no line of the tasks has`,
        {
          hint: "give each completion the `task` it answers",
        },
      );
    const { task: _task, task_id: _id, ...rest } = row;
    const item = checkItem({ ...rest, id: textOf(row["id"] ?? at) }, what);
    if (ids.has(item.id!))
      throw new SameseedError("bad_argument", `${what} has the id ${item.id!}, which an earlier one has`);
    ids.add(item.id!);
    return { ...item, task };
  });
}
