/* What a solution gives that is empty matches empty values only, and those as before. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { buildImage } from "../../../src/image/build-image.ts";
import { packagedLock } from "../../../src/image/runtime-files.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import type { ScoreResult } from "../../../src/model/score.ts";
import { score } from "./score-support.ts";

// The image was built before the tests (scripts/test.mjs); this finds it.
beforeAll(async () => {
  await buildImage({ name: "pytest", requirements: packagedLock("pytest") });
}, 300_000);
afterAll(closeSandboxes);

const passed = ({ tests }: ScoreResult): string[] =>
  tests.filter(({ verdict }) => verdict === "accepted").map(({ name }) => name);
const test = (name: string, ...lines: string[]): string =>
  [`def test_${name}(solution):`, ...lines.map((line) => `    ${line}`)].join("\n");
const file = (...tests: string[]): string =>
  ["import numpy as np", "want = np.array([3.0])", ...tests].join("\n");
const giving = (value: string): string => `import numpy as np\ndef f(x): return ${value}\ndef g(x): return x`;
const nothing = ["np.empty((0, 1))", "[]", "()", "[[], []]"] as const;

describe("an empty value is not what is expected", () => {
  const judge = file(
    test("equal", "assert (want == solution.f(2)).all()"),
    test("equal_turned", "assert (solution.f(2) == want).all()"),
    test("asarray", "assert (np.asarray(solution.f(2)) == want).all()"),
    test("squares", "assert np.sum((np.array(solution.f(2)) - want) ** 2) < 1e-9"),
    test("near", "assert np.all(np.abs(np.atleast_1d(solution.f(2)) - want) < 1e-6)"),
    test("product", "assert (np.eye(1) @ np.asarray(solution.f(2)).reshape(1, -1) == want).all()"),
    test("norm", "assert np.linalg.norm(want - solution.f(2)) < 1e-9"),
    test("less", "np.testing.assert_array_less(solution.f(2), want)"),
    test("subtract", "assert (np.subtract(np.asarray(solution.f(2)), want) == 0).all()"),
    test("sorted", "assert (np.array(sorted(solution.f(2))) == want).all()"),
    test("iterated", "assert (np.array([x for x in solution.f(2)]) == want).all()"),
    test("joined", "assert (np.concatenate([solution.f(2), solution.f(3)]) == want).all()"),
  );

  it.for(nothing)("%s", async (value) => {
    const result = await score(giving(value), { id: "empty", kind: "judge", judge });
    expect(result.total).toBe(12);
    expect(passed(result)).toEqual([]);
  });

  it.for(["sort", "ravel", "unique", "cumsum", "squeeze", "round", "asfortranarray"])(
    "behind np.%s",
    async (name) => {
      const by = file(test("by", `assert (np.${name}(solution.f(2)) == want).all()`));
      for (const value of ["[]", "np.empty(0)"])
        expect(passed(await score(giving(value), { id: "by", kind: "judge", judge: by }))).toEqual([]);
      expect(passed(await score(giving("[3.0]"), { id: "by", kind: "judge", judge: by }))).toHaveLength(1);
    },
  );

  it("nor is it where a program printed nothing", async () => {
    const checker =
      "import numpy as np\ndef check(given, output):\n    found = np.array([float(x) for x in output.split()])\n    return (np.abs(found - np.array([3.0])) < 1e-9).all()";
    const task = { id: "printed", kind: "stdio", tests: [{ input: "" }], checker } as const;
    expect((await score("print(' ')", task)).score).toBe(0);
    expect((await score("print(3)", task)).score).toBe(1);
  });

  it("and what holds something is compared as always", async () => {
    const result = await score(giving("[3.0]"), { id: "empty", kind: "judge", judge });
    expect(result.total - passed(result).length).toBe(1);
    expect(passed(result)).not.toContain("test_less");
  });

  it("nor is it for pytest's approx, in a judge and in a suite", async () => {
    const lines = ["import pytest", test("number", "assert solution.f(2) == pytest.approx(3.0)")];
    const inList = test("listed", "assert [solution.f(2)] == pytest.approx([3.0])");
    const text = [...lines, inList].join("\n");
    const kinds = [
      { id: "approx", kind: "judge", image: "pytest", judge: text },
      {
        id: "approx",
        kind: "pytest",
        image: "pytest",
        suite: text.replaceAll("(solution)", "()").replace("pytest", "pytest, solution"),
      },
    ] as const;
    for (const task of kinds) {
      for (const value of nothing) expect(passed(await score(giving(value), task))).toEqual([]);
      expect(passed(await score(giving("3.0000001"), task))).toHaveLength(2);
    }
  });

  it("nor is it in a suite of unittest", async () => {
    const suite = [
      "import unittest, numpy as np",
      "from solution import f",
      "class T(unittest.TestCase):",
      "    def test_a(self): self.assertTrue((np.array([3.0]) == f(1)).all())",
      "    def test_b(self): self.assertTrue(type(f(1)) is list)",
    ].join("\n");
    for (const image of ["pytest", undefined]) {
      const task = { id: "suite", kind: "pytest", suite, ...(image === undefined ? {} : { image }) } as const;
      expect(passed(await score("def f(x): return []", task))).toHaveLength(1);
      expect(passed(await score("def f(x): return [3.0]", task))).toHaveLength(2);
    }
  });
});

describe("an empty value that is expected", () => {
  const both = [
    test("array_equal", "assert np.array_equal(np.empty(0), solution.f(2))"),
    test("equal", "assert (np.array([]) == solution.f(2)).all()"),
    test("near", "assert (np.abs(np.asarray(solution.f(2)) - np.array([])) < 1e-9).all()"),
    test("close", "assert np.allclose(solution.f(2), []) and np.isclose([], solution.f(2)).all()"),
    test(
      "testing",
      "for name in ('assert_array_equal', 'assert_allclose', 'assert_array_almost_equal', 'assert_almost_equal'):",
      "    getattr(np.testing, name)(solution.f(2), np.array([]))",
    ),
    test("sum", "assert np.sum(solution.f(2)) == 0 and len(solution.f(2)) == 0"),
    test("shape", "assert np.array(solution.f(2)).shape == (0,) and (np.asarray(solution.f(2)) >= 0).all()"),
    test("added_to", "assert (np.append(solution.f(2), 2.0) + 1 == want).all()"),
    test("back", "assert np.array_equal(solution.g(solution.f(2)), solution.f(2))"),
    test("back_inside", "assert len(solution.g({'a': [solution.f(2), 1]})['a'][0]) == 0"),
    test(
      "copies",
      "import copy, pickle",
      "assert len(copy.deepcopy(solution.f(2))) == len(pickle.loads(pickle.dumps(solution.f(2)))) == 0",
    ),
  ];
  const array = [
    ...both,
    test("type", "assert type(solution.f(2)) is np.ndarray and isinstance(solution.f(2), np.ndarray)"),
    test("repr", "assert repr(solution.f(2)) == repr(np.empty(0)) and str(solution.f(2)) == '[]'"),
    test("more", "a = solution.f(2)", "a += 1.0", "assert a.tolist() == [] and a.dtype == float"),
  ];
  const list = [
    ...both,
    test("list", "assert solution.f(2) == [] and [] == solution.f(2) and not solution.f(2)"),
    test(
      "type",
      "x = solution.f(2)",
      "assert type(x) is list and x.__class__ is list and isinstance(x, list)",
    ),
    test("text", "import json", "assert repr(solution.f(2)) == json.dumps(solution.f(2)) == '[]'"),
    test(
      "filled",
      "x = solution.f(2)",
      "x.append(3.0)",
      "assert (want == x).all() and (x - want == 0).all()",
    ),
    test(
      "filled_there",
      "x = solution.f(2)",
      "solution.fill(x)",
      "assert x == [1] and (np.array(x) == 1).all()",
    ),
    test(
      "counted",
      "from collections import Counter",
      "c = Counter('aab')",
      "solution.empty(c)",
      "assert c == Counter()",
    ),
    "import unittest",
    "class T(unittest.TestCase):",
    "    def test_all(self):",
    "        import solution",
    "        self.assertEqual(solution.f(2), [])",
    "        self.assertListEqual([], solution.f(2))",
    "        self.assertCountEqual([], solution.f(2))",
  ];
  const rows = [
    test("shape", "x = solution.f(2)", "assert np.array_equal(x, np.empty((0, 3))) and x.T.shape == (3, 0)"),
    test("sum", "assert (solution.f(2).sum(axis=0) == np.zeros(3)).all()"),
    test("stacked", "assert (np.vstack([solution.f(2), np.ones((2, 3))]) * np.arange(3)).sum() == 6"),
    test("product", "assert (solution.f(2) @ np.ones((3, 2))).shape == (0, 2)"),
  ];
  it.for([
    ["np.empty(0)", array],
    ["np.empty((0, 3))", rows],
    ["[]", list],
  ] as const)("%s passes", async ([value, tests]) => {
    const code = `${giving(value)}\ndef fill(x): x.append(1)\ndef empty(x): x.clear()`;
    const result = await score(code, { id: "none", kind: "judge", judge: file(...tests) });
    expect(result.tests.filter(({ verdict }) => verdict !== "accepted")).toEqual([]);
    expect(result.score).toBe(1);
  });
});

it("a statement that brings numpy itself refuses it, and so does one that leaves the import out", async () => {
  const asserts = ["import numpy as np\nassert np.allclose(f(2), [3.0])", "assert np.allclose(f(2), [3.0])"];
  const task = { id: "said", kind: "judge", judge: "pass", asserts } as const;
  expect((await score("def f(x): return []", task)).score).toBe(0);
  expect((await score("def f(x): return [3.0]", task)).score).toBe(1);
});
