import { writeFileSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

import { checkTasks } from "../../../src/judge/check/check-tasks.ts";
import { parseMarkedJson } from "../../../src/judge/read/exact-numbers.ts";
import { readCompletions, readTasks } from "../../../src/judge/read/read-tasks.ts";
import { scoreCompletions } from "../../../src/judge/score-completions.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";

afterAll(closeSandboxes);

const rows = join(import.meta.dirname, "fixtures", "rows.jsonl");
const folder = mkdtempSync(join(tmpdir(), "sameseed-score-"));
function file(name: string, lines: readonly unknown[]): string {
  const path = join(folder, name);
  writeFileSync(
    path,
    lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"),
  );
  return path;
}

describe("rows of the data sets in use are tasks", () => {
  it("whose own right solutions score 1, and those that solve nothing 0", async () => {
    const found = await checkTasks(readTasks(rows), { repeat: 2 });
    const problems = Object.fromEntries(found.tasks.map(({ task, problems: own }) => [task, own]));
    const none = ["it has no right solution (`gold`) to check it with"];
    expect(problems).toEqual({
      "Sample/0": [],
      "Sample/1": [],
      "11": [],
      "12": [],
      square: none,
      shift: none,
      "21": [],
      "22": [],
      halve: [],
    });
    expect(found).toMatchObject({ ok: false, stable: true, runs: 28, infra: 0 });
  });

  it("and completions of each form are scored", async () => {
    const completions = file("completions.jsonl", [
      { task_id: "Sample/0", completion: "    return sum(xs)\n" },
      {
        task_id: "Sample/0",
        completion: "```python\ndef total(xs: List[int]) -> int:\n    return sum(xs)\n```",
      },
      { task_id: "Sample/0", completion: "    return 3\n" },
      { task_id: 11, completion: "def shared(a, b):\n    return tuple(x for x in a if x in b)" },
      { task: "square", completion: "```python\nprint(int(input()) ** 2)\n```" },
      {
        task: "shift",
        completion:
          "```python\nclass Solution:\n    def shift(self, xs, k):\n        return [x + k for x in xs]\n```",
      },
      { task: "22", files: { "solution.py": "def backwards(xs): return xs" } },
      { id: "h", task: "halve", completion: "```python\ndef halve(x): return x // 2\n```" },
    ]);
    const items = readCompletions(completions, readTasks(rows));
    const results = await scoreCompletions({ items }).results();
    expect(results.map(({ id, score }) => [id, score])).toEqual([
      ["0", 1],
      ["1", 1],
      ["2", 0],
      ["3", 1],
      ["4", 1],
      ["5", 1],
      ["6", 0.5],
      ["h", 2 / 3],
    ]);
  });
});

const tests = (...cases: { input: string; output: string; testtype: string }[]): string =>
  JSON.stringify(cases);
const fenced = (...lines: string[]): string => ["```python", ...lines, "```"].join("\n");

it("solutions use what the data sets' own graders import, and write numbers in other words", async () => {
  const given = file("published.jsonl", [
    {
      question_id: "called",
      starter_code: "class Solution:\n    def total(self, nums: List[int]) -> int:\n        ",
      public_test_cases: tests({ input: "[1, 2]", output: "3", testtype: "functional" }),
      private_test_cases: "[]",
      metadata: JSON.stringify({ func_name: "total" }),
    },
    {
      question_id: "written",
      public_test_cases: tests({ input: "1 2\n", output: "3\nyes\n", testtype: "stdin" }),
      private_test_cases: "[]",
    },
    { problem_id: "near", input_output: JSON.stringify({ inputs: ["3\n"], outputs: ["0.50 x\n"] }) },
    {
      problem_id: "most",
      input_output: JSON.stringify({ fn_name: "most", inputs: [[[3, 5]]], outputs: [[5]] }),
      solutions: JSON.stringify(["def most(xs: List[int]): return max(deque(xs))"]),
    },
  ]);
  const completions = file("solutions.jsonl", [
    {
      task: "called",
      completion: fenced(
        "from __future__ import annotations",
        "class Solution:",
        "    def total(self, nums: List[int]) -> int:",
        "        return reduce(lambda a, b: a + b, deque(nums))",
      ),
    },
    {
      task: "written",
      completion: fenced("print(float(sum(map(int, sys.stdin.read().split()))))", 'print("yes")'),
    },
    { task: "written", completion: fenced("print(3.5)", 'print("yes")') },
    { task: "near", completion: fenced("print(0.5000001, 'x')") },
    { task: "near", completion: fenced("print(0.51, 'x')") },
    { task: "most", completion: fenced("def most(xs: List[int]): return nlargest(1, xs)[0]") },
  ]);
  const results = await scoreCompletions({ items: readCompletions(completions, readTasks(given)) }).results();
  expect(results.map(({ score }) => score)).toEqual([1, 1, 0, 1, 0, 1]);
  const checked = await checkTasks(readTasks(given));
  expect(checked.tasks.find(({ task }) => task === "most")?.problems).toEqual([]);
});

describe("what a file says wrong is named with its line", () => {
  const task = { id: "a", kind: "stdio", tests: [{ input: "", output: "" }] };
  it.for([
    ["no JSON", ["{"], /line 1 of .* is no JSON/],
    ["a list", [[]], /line 1 of .* is no JSON object/],
    ["no form", [task, { id: "b" }], /line 2 of .* is of no form/],
    ["twice", [task, task], /two tasks with the id a/],
    ["nothing", [""], /holds no task/],
    [
      "packed tests",
      [{ question_id: "q", private_test_cases: "eJxr" }],
      /task q private_test_cases is no JSON/,
    ],
  ] as const)("%s", ([name, lines, says]) => {
    expect(() => readTasks(file(`${name}.jsonl`, lines))).toThrow(says);
  });

  it("a completion of no task, and two of one id", () => {
    const tasks = readTasks(file("one.jsonl", [task]));
    expect(() => readCompletions(file("c1", [{ task: "b", completion: "" }]), tasks)).toThrow(
      /names the task "b"/,
    );
    const twice = { id: "x", task: "a", completion: "" };
    expect(() => readCompletions(file("c2", [twice, twice]), tasks)).toThrow(/has the id x/);
    expect(() => readTasks(join(folder, "none"))).toThrow(/cannot be read/);
  });
});

it("numbers that JavaScript would change are kept", () => {
  expect(parseMarkedJson("[1, 1.0, 1.5, 1e2, 36893488147419103234, -0.0]")).toEqual([
    1,
    { $float: "1.0" },
    1.5,
    { $float: "1e2" },
    { $int: "36893488147419103234" },
    { $float: "-0.0" },
  ]);
});
