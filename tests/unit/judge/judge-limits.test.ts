/* A judge that is brought down by what a solution gave: the gold solution decides whose fault it is. */
import { afterAll, expect, it } from "vitest";

import type { JudgeTask } from "../../../src/model/score.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { score, verdicts } from "./score-support.ts";

afterAll(closeSandboxes);

const task: JudgeTask = {
  id: "names",
  kind: "judge",
  judge:
    "import os\ndef test_names(solution):\n    found = solution.names()\n    if len(found) > 3: os._exit(9)\n    assert found == ['a']",
};
const brings = "def names(): return ['a'] * 9";

it("is the solution's where a right one passes, or there is none", async () => {
  for (const gold of [{}, { gold: "def names(): return ['a']" }]) {
    const result = await score(brings, { ...task, ...gold });
    expect(result).toMatchObject({ score: 0, verdict: "wrong_answer", flags: ["judge_limit"] });
  }
  expect((await score("def names(): return ['a']", task)).score).toBe(1);
});

it("is the judge's where a right one brings it down too", async () => {
  const judge = "import os\ndef test_names(solution):\n    solution.names()\n    os._exit(9)";
  const result = await score("def names(): return ['b']", {
    ...task,
    judge,
    gold: "def names(): return ['a']",
  });
  expect(result).toMatchObject({ score: null, verdict: "grader_error" });
});

it.for([
  ["nested deeper than a value may be", "x = []\nfor _ in range(60): x = [x]\ndef names(): return x"],
  ["endless", "import itertools\ndef names(): return itertools.count()"],
  ["itself", "x = []\nx.append(x)\ndef names(): return x"],
  ["beyond what may cross", "def names(): return ['a' * 20_000_000]"],
  [
    "of a length that lies",
    "class L(list):\n    def __len__(self): return 1\ndef names(): return L(['a'] * 3)",
  ],
] as const)("and a value that is %s is a wrong answer", async ([, code]) => {
  expect(verdicts(await score(code, task))).toEqual(["wrong_answer"]);
});
