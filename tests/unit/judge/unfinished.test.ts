/* Tests whose work is not done when they return, and what a suite does around its tests. None passes for not having been run. */
import { afterAll, describe, expect, it } from "vitest";

import type { ScoreTask } from "../../../src/model/score.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { score } from "./score-support.ts";

afterAll(closeSandboxes);

const right = "def f(x): return x";
const wrong = "def f(x): return -999";
const judge = (text: string): ScoreTask => ({ id: "judge", kind: "judge", judge: text });
const suite = (text: string): ScoreTask => ({
  id: "suite",
  kind: "pytest",
  suite: `from solution import f\n${text}`,
});
const checker = (text: string): ScoreTask => ({
  id: "checker",
  kind: "call",
  function: "f",
  tests: [{ args: [2] }],
  checker: text,
});

describe("what is asynchronous is run to its end", () => {
  it.for<[string, ScoreTask]>([
    ["a judge's test", judge("async def test_a(solution):\n    assert solution.f(2) == 2\n")],
    [
      "a suite's",
      suite("import asyncio\nasync def test_a():\n    await asyncio.sleep(0)\n    assert f(2) == 2\n"),
    ],
    ["a class's", suite("class TestA:\n    async def test_a(self):\n        assert f(2) == 2\n")],
    [
      "unittest's",
      suite(
        "import unittest\nclass A(unittest.IsolatedAsyncioTestCase):\n    async def test_a(self):\n        assert f(2) == 2\n",
      ),
    ],
    ["a checker", checker("async def check(args, result):\n    return result == args[0]\n")],
  ])("%s", async ([, task]) => {
    expect((await score(right, task)).score).toBe(1);
    expect((await score(wrong, task)).score).toBe(0);
  });
});

it.for<[string, ScoreTask]>([
  ["a test that yields", judge("def test_a(solution):\n    assert solution.f(2) == 2\n    yield\n")],
  ["a checker that yields", checker("def check(args, result):\n    yield result == args[0]\n")],
  [
    "an async method of a plain TestCase",
    suite(
      "import unittest\nclass A(unittest.TestCase):\n    async def test_a(self):\n        assert f(2) == 2\n",
    ),
  ],
])("%s is the grader's error, and no score", async ([, task]) => {
  for (const code of [right, wrong]) {
    const { verdict, score: value } = await score(code, task);
    expect([verdict, value]).toEqual(["grader_error", null]);
  }
});

it("a test that hides that it yields passes for nobody", async () => {
  const task = judge("def inner(solution):\n    yield\ntest_a = lambda solution: inner(solution)\n");
  for (const code of [right, wrong]) expect((await score(code, task)).score).not.toBe(1);
});

describe("what a suite sets up is there, and what it clears away is part of the test", () => {
  it.for<[string, string]>([
    ["a module", "def setup_module():\n    global x\n    x = 2\ndef test_a():\n    assert f(x) == 2\n"],
    [
      "a function",
      "def setup_function(function):\n    function.x = 2\ndef test_a():\n    assert f(test_a.x) == 2\n",
    ],
    [
      "a class",
      "class TestA:\n    @classmethod\n    def setup_class(cls):\n        cls.x = 2\n    def test_a(self):\n        assert f(self.x) == 2\n",
    ],
    [
      "a method",
      "class TestA:\n    def setup_method(self, method):\n        self.x = 2\n    def test_a(self):\n        assert f(self.x) == 2\n",
    ],
    [
      "unittest's class and module",
      "import unittest\ndef setUpModule():\n    global y\n    y = 1\nclass A(unittest.TestCase):\n    @classmethod\n    def setUpClass(cls):\n        cls.x = y + 1\n    def test_a(self):\n        self.assertEqual(f(self.x), 2)\n",
    ],
    [
      "what follows the test",
      "class TestA:\n    def test_a(self):\n        self.r = f(2)\n    def teardown_method(self):\n        assert self.r == 2\n",
    ],
    [
      "what follows a module",
      "seen = []\ndef test_a():\n    seen.append(f(2))\ndef teardown_module(module):\n    assert module.seen == [2]\n",
    ],
  ])("%s", async ([, text]) => {
    expect((await score(right, suite(text))).score).toBe(1);
    expect((await score(wrong, suite(text))).score).toBe(0);
  });
});
