/* Existing suites: one test at a time, split from the solution, or together with it and labelled so. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { buildImage } from "../../../src/image/build-image.ts";
import { packagedLock } from "../../../src/image/runtime-files.ts";
import type { PytestTask } from "../../../src/model/score.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { score, verdicts } from "./score-support.ts";

// The image was built before the tests (scripts/test.mjs); this finds it.
beforeAll(async () => {
  await buildImage({ name: "pytest", requirements: packagedLock("pytest") });
}, 300_000);
afterAll(closeSandboxes);

const suite = [
  "import pytest",
  "from solution import add, Broken",
  "@pytest.fixture",
  "def numbers(): return [1, 2]",
  "@pytest.mark.parametrize('a, b, c', [(1, 2, 3), (0, 0, 0)])",
  "def test_add(a, b, c): assert add(a, b) == c",
  "def test_fixture(numbers): assert add(*numbers) == pytest.approx(3)",
  "class TestMore:",
  "    def test_raises(self):",
  "        with pytest.raises(Broken, match='no'): add(None, 1)",
].join("\n");
const task: PytestTask = { id: "suite", kind: "pytest", image: "pytest", suite, limits: { cpuMs: 5000 } };
const right = [
  "class Broken(TypeError): pass",
  "def add(a, b):",
  "    if a is None: raise Broken('no')",
  "    return a + b",
].join("\n");

describe("a suite that pytest runs", () => {
  it("is run test by test: its parameters, fixtures and classes are", async () => {
    const result = await score(right, task);
    expect(result.tests.map(({ name, verdict }) => [name, verdict])).toEqual([
      ["test_add[1-2-3]", "accepted"],
      ["test_add[0-0-0]", "accepted"],
      ["test_fixture", "accepted"],
      ["TestMore::test_raises", "accepted"],
    ]);
    expect(result).toMatchObject({ score: 1, assurance: "full" });
  });

  it.for([
    [
      "skips",
      "import unittest\nclass Broken(Exception): pass\ndef add(a, b): raise unittest.SkipTest('x')",
      "wrong_answer",
    ],
    ["exits", "import os\nclass Broken(Exception): pass\ndef add(a, b): os._exit(0)", "runtime_error"],
    [
      "equals all",
      "class Broken(Exception): pass\nclass E:\n    def __eq__(s, o): return True\ndef add(a, b): return E()",
      "wrong_answer",
    ],
    [
      "patches pytest",
      `import _pytest.reports, sys\nclass Broken(Exception): pass\n_pytest.reports.TestReport.outcome = 'passed'\n_pytest.reports.TestReport.passed = True\ndef add(a, b): return None`,
      "wrong_answer",
    ],
    ["has no such name", "def add(a, b): return a + b", "wrong_answer"],
  ] as const)("and a solution that %s passes none", async ([, code, verdict]) => {
    const result = await score(code, task);
    expect(new Set(verdicts(result))).toEqual(new Set([verdict]));
    expect(result).toMatchObject({ score: 0, total: 4 });
  });

  it.for([
    [
      "inspects",
      "import inspect\nimport solution\ndef test_a(): assert 'def add' in inspect.getsource(solution.add)",
    ],
    [
      "bases a class on it",
      "import solution\ndef test_a():\n    class Own(solution.Broken): pass\n    assert issubclass(Own, TypeError)",
    ],
    ["imports *", "from solution import *\ndef test_a(): assert add(1, 2) == 3"],
    [
      "patches",
      "from unittest import mock\nimport solution\ndef test_a():\n    with mock.patch('solution.add', lambda a, b: 7): assert solution.add(1, 2) == 7",
    ],
    [
      "patches by pytest's means",
      "import solution as s\ndef test_a(monkeypatch):\n    monkeypatch.setattr(s, 'add', lambda a, b: 7)\n    assert s.add(1, 2) == 7",
    ],
  ] as const)("and one that %s is run together with the solution, and says so", async ([, suite]) => {
    const result = await score(right, { ...task, suite });
    expect(result).toMatchObject({ score: 1, assurance: "weak" });
    expect((await score(right, { ...task, suite, split: true })).assurance).toBe("full");
  });

  it("and what a skip or an expected failure hides is not passed", async () => {
    const hides = `import pytest\nimport solution\n@pytest.mark.xfail\ndef test_a(): assert solution.add(1, 1) == 3\ndef test_b():\n    solution.add(1, 1)\n    pytest.skip('later')`;
    expect((await score(right, { ...task, suite: hides })).score).toBe(0);
  });

  it("without pytest in the image it has no score, and the fix is told", async () => {
    const { image: _, ...without } = task;
    const result = await score(right, without);
    expect(result).toMatchObject({ score: null, verdict: "grader_error" });
    expect(result.message).toContain("sameseed image build pytest");
    const bad = await score(right, { ...task, suite: "import nothing_like_it\ndef test_a(): pass" });
    expect(bad).toMatchObject({ score: null, verdict: "grader_error" });
  });

  it("in the solution's own sandbox it is weak, and says so", async () => {
    const own = `import solution\ndef test_state(monkeypatch):\n    monkeypatch.setattr(solution, 'LIMIT', 3)\n    assert solution.limit() == 3`;
    const weak = { ...task, suite: own, split: false };
    const result = await score("LIMIT = 1\ndef limit(): return LIMIT", weak);
    expect(result).toMatchObject({ score: 1, assurance: "weak" });
    const wrong = await score("LIMIT = 1\ndef limit(): return 7", weak);
    expect(wrong).toMatchObject({ score: 0, verdict: "wrong_answer", assurance: "weak" });
  });
});
