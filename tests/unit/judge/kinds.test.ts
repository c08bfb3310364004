import { afterAll, describe, expect, it } from "vitest";

import type { ScoreTask } from "../../../src/model/score.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { add, score, verdicts } from "./score-support.ts";

afterAll(closeSandboxes);

describe("a call task", () => {
  const one = (task: Partial<ScoreTask>): ScoreTask => ({ ...add, tests: [], ...task }) as ScoreTask;

  it("calls a method on a fresh instance", async () => {
    const task = one({ function: "Solution.twice", tests: [{ args: [4], expected: 8 }] });
    expect((await score("class Solution:\n    def twice(self, x): return 2 * x", task)).score).toBe(1);
  });

  it("compares what only Python can write, with types", async () => {
    const tests = [{ argsPython: "(np.arange(3),)", expectedPython: "np.array([0.0, 1.0, 2.0])" }];
    const task = one({ function: "f", tests });
    expect((await score("def f(x): return x.astype(float)", task)).score).toBe(1);
    expect((await score("def f(x): return x", task)).verdict).toBe("wrong_answer");
  });

  it("takes subclasses of Python's own as what they are of", async () => {
    const code =
      "from collections import Counter, namedtuple\nfrom enum import IntEnum\nP = namedtuple('P', 'a b')\nclass E(IntEnum):\n    X = 1\ndef f(x): return [Counter(x), P(1, E.X), True]";
    const tests = [{ args: ["aab"], expectedPython: "[{'a': 2, 'b': 1}, (1, 1), True]" }];
    expect((await score(code, one({ function: "f", tests }))).score).toBe(1);
  });

  it("takes values of any size and depth that an honest solution has", async () => {
    const tests = [
      { args: [1500], expectedPython: "__import__('math').factorial(1500)" },
      { args: [0], expectedPython: "[[[[[[[[[[(((((((((((1,),),),),),),),),),),)]]]]]]]]]]" },
      { args: [-1], expectedPython: "list(range(1_000_000))" },
    ];
    const code = [
      "import math",
      "def f(n):",
      "    if n == -1: return list(range(1_000_000))",
      "    if n: return math.factorial(n)",
      "    x = 1",
      "    for _ in range(11): x = (x,)",
      "    for _ in range(10): x = [x]",
      "    return x",
    ].join("\n");
    // Making an answer's bytes takes memory too: some 100 bytes for each value.
    const task = one({ function: "f", tests, limits: { memoryMb: 512 } });
    expect(verdicts(await score(code, task))).toEqual(["accepted", "accepted", "accepted"]);
  });

  it("looks at an argument, at an exception, at what a checker says", async () => {
    const sorts = one({ function: "f", observe: 0, tests: [{ args: [[3, 1]], expected: [1, 3] }] });
    expect((await score("def f(x): x.sort()", sorts)).score).toBe(1);
    expect((await score("def f(x): return sorted(x)", sorts)).score).toBe(0);
    const raises = one({ function: "f", tests: [{ raises: "KeyError" }] });
    expect((await score("def f(): return {}['x']", raises)).score).toBe(1);
    expect((await score("def f(): raise ValueError", raises)).score).toBe(0);
    expect((await score("def f(): return KeyError", raises)).score).toBe(0);
    const checked = one({
      function: "f",
      tests: [{ args: [6] }],
      checker: "def check(args, result):\n    a, b = result\n    return a * b == args[0] and a > 1 and b > 1",
    });
    expect((await score("def f(n): return [2, 3]", checked)).score).toBe(1);
    expect((await score("def f(n): return [1, 6]", checked)).verdict).toBe("wrong_answer");
    expect((await score("def f(n): return 0", checked)).verdict).toBe("wrong_answer");
  });

  it("makes hidden inputs from its seed", async () => {
    const generator = "def generate(rng): return [rng.randrange(1000)]\ndef reference(n): return n * n";
    const task = one({ function: "f", generator, generated: 4, seed: 3 });
    const result = await score("def f(n):\n    print(n)\n    return n * n", task);
    expect(result).toMatchObject({ score: 1, total: 4 });
    const inputs = result.tests.map(({ stdoutTail }) => stdoutTail);
    expect(new Set(inputs).size).toBeGreaterThan(1);
    const again = await score("def f(n):\n    print(n)\n    return n * n ", task);
    expect(again.tests.map(({ stdoutTail }) => stdoutTail)).toEqual(inputs);
    const other = await score("def f(n):\n    print(n)\n    return n * n", { ...task, seed: 4 });
    expect(other.tests.map(({ stdoutTail }) => stdoutTail)).not.toEqual(inputs);
  });
});

describe("a stdio task", () => {
  const square: ScoreTask = {
    id: "square",
    kind: "stdio",
    tests: [
      { input: "3\n", output: "9\n" },
      { input: "4\n", output: "16\n" },
    ],
  };

  it.for([
    ["print(int(input()) ** 2)", ["accepted", "accepted"]],
    ["import sys\nfor line in sys.stdin: print(int(line) ** 2)", ["accepted", "accepted"]],
    [
      "if __name__ == '__main__':\n    import sys\n    sys.stdout.buffer.write(b'%d' % int(sys.stdin.buffer.read()) ** 2)",
      ["accepted", "accepted"],
    ],
    ["import atexit\natexit.register(lambda: print(int(input()) ** 2))", ["accepted", "accepted"]],
    [
      "import threading\nthreading.Thread(target=lambda: print(int(input()) ** 2)).start()",
      ["accepted", "accepted"],
    ],
    ["print(9)", ["accepted", "wrong_answer"]],
    ["print(9)\nraise SystemExit(1)", ["runtime_error", "runtime_error"]],
    ["print(9", ["compile_error", "compile_error"]],
    ["x = [0] * 10 ** 10", ["memory_limit", "memory_limit"]],
  ] as const)("%j", async ([code, each]) => {
    expect(verdicts(await score(code, square))).toEqual(each);
  });

  it("asks a checker", async () => {
    const task: ScoreTask = {
      ...square,
      tests: [{ input: "7" }],
      checker:
        "def check(given, output):\n    a, b = map(int, output.split())\n    return a + b == int(given)",
    };
    expect((await score("print(3, 4)", task)).score).toBe(1);
    expect((await score("print('\\udcff' if False else 'x')", task)).score).toBe(0);
  });
});

describe("a judge task", () => {
  const stack: ScoreTask = {
    id: "stack",
    kind: "judge",
    judge: [
      "from solution import Stack",
      "OPERATORS = ['Stack']",
      "def test_order():",
      "    s = Stack()",
      "    s.push(1)",
      "    s.push([2])",
      "    assert s.pop() == [2] and len(s) == 1",
      "def test_empty(solution):",
      "    try:",
      "        Stack().pop()",
      "    except solution.Empty as error:",
      "        assert error.args == ('nothing',)",
      "    else:",
      "        raise AssertionError('nothing was raised')",
      "def test_in_place(solution):",
      "    items = [3, 1]",
      "    solution.tidy(items)",
      "    assert items == [1, 3]",
    ].join("\n"),
    asserts: ["assert sorted(keys({'b': 1, 'a': 2})) == ['a', 'b']"],
  };
  const solution = [
    "class Empty(LookupError): pass",
    "class Stack:",
    "    def __init__(self): self.items = []",
    "    def __len__(self): return len(self.items)",
    "    def push(self, item): self.items.append(item)",
    "    def pop(self):",
    "        if not self.items: raise Empty('nothing')",
    "        return self.items.pop()",
    "def tidy(items): items.sort()",
    "def keys(d): return list(d)",
  ].join("\n");

  it("tests objects that stay where they are", async () => {
    const result = await score(solution, stack);
    expect(result.tests.map(({ name, verdict }) => [name, verdict])).toEqual([
      ["test_order", "accepted"],
      ["test_empty", "accepted"],
      ["test_in_place", "accepted"],
      ["assert 1", "accepted"],
    ]);
  });

  it("and asks none of them whether it is equal, nor for names of Python's own", async () => {
    const cheat = [
      "class Any:",
      "    def __eq__(self, other): return True",
      "    def __len__(self): return 1",
      "class Stack:",
      "    def push(self, item): pass",
      "    def pop(self): return Any()",
      "def tidy(items): items[:] = [Any()]",
      "def keys(d): return 0",
      "def sorted(x): return ['a', 'b']",
    ].join("\n");
    expect(verdicts(await score(cheat, stack))).toEqual(Array.from({ length: 4 }, () => "wrong_answer"));
  });

  it("is told of changed arguments where a function gives nothing, or is named", async () => {
    const task = (more: string): ScoreTask => ({
      id: "changes",
      kind: "judge",
      judge: [
        "import solution",
        more,
        "def test_sorted():",
        "    xs = [3, 1, 2]",
        "    assert solution.ordered(xs) == sorted(xs)",
        "def test_in_place():",
        "    xs = [3, 1, 2]",
        "    solution.order(xs)",
        "    assert xs == [1, 2, 3]",
        "def test_both():",
        "    xs = [3, 1, 2]",
        "    assert solution.Tools().part(xs) == 1 and xs == [1, 3, 2]",
      ].join("\n"),
    });
    const right = [
      "def ordered(xs): return sorted(xs)",
      "def order(xs): xs.sort()",
      "class Tools:",
      "    def part(self, xs):",
      "        xs[:2] = sorted(xs[:2])",
      "        return 1",
    ].join("\n");
    const named = task("CHANGING = ['part']");
    expect((await score(right, named)).score).toBe(1);
    expect(verdicts(await score(right, task("")))).toEqual(["accepted", "accepted", "wrong_answer"]);
    const cheat = `${right}\ndef ordered(xs):\n    xs.clear()\n    return xs\ndef order(xs): return xs.clear()`;
    expect(verdicts(await score(cheat, named))).toEqual(["wrong_answer", "wrong_answer", "accepted"]);
  });

  it("takes an empty array for equal to empty ones only", async () => {
    const task: ScoreTask = {
      id: "squares",
      kind: "judge",
      judge: [
        "import numpy as np",
        "from numpy import allclose",
        "import solution",
        "want = np.array([1.0, 4.0])",
        "def test_close(): assert allclose(solution.squares(2), want)",
        "def test_equal(): assert (solution.squares(2) == want).all()",
        "def test_near(): assert (abs(solution.squares(2) - want) < 1e-9).all()",
        "def test_each_near(): assert np.isclose(solution.squares(2), want).all()",
        "def test_raising(): np.testing.assert_allclose(desired=1.0, actual=solution.squares(1)[0:1])",
        "def test_number(): assert np.all(solution.squares(1) == 1)",
        "def test_none(): assert allclose(solution.squares(0), [])",
        "def test_no_rows():",
        "    found = solution.squares(0)",
        "    assert found.shape == (0,) and (found == np.empty(0)).all() and (found >= 0).all() and found.sum() == 0",
      ].join("\n"),
    };
    const right = "import numpy as np\ndef squares(n): return np.arange(1.0, n + 1) ** 2";
    expect((await score(right, task)).score).toBe(1);
    for (const shape of ["0", "(0, 1)", "(0, 1, 1)"]) {
      const cheat = `import numpy as np\ndef squares(n): return np.empty(${shape})`;
      const passed = (await score(cheat, task)).tests.filter(({ verdict }) => verdict === "accepted");
      expect(passed.map(({ name }) => name)).toEqual(
        shape === "0" ? ["test_none", "test_no_rows"] : ["test_none"],
      );
    }
    const checked: ScoreTask = {
      ...add,
      checker: "import numpy as np\ndef check(args, result): return np.allclose(result, 3)",
      tests: [{ args: [1, 2] }],
    };
    expect((await score("def add(a, b): return a + b", checked)).score).toBe(1);
    expect((await score("def add(a, b): return []", checked)).score).toBe(0);
  });

  it("has no score where the judge itself is at fault", async () => {
    const broken = { ...stack, judge: "import nothing_like_it\ndef test_a(): pass" };
    expect(await score(solution, broken)).toMatchObject({ score: null, verdict: "grader_error" });
    const unasked = { ...stack, judge: "def test_a():\n    assert 1 == 2", asserts: [] };
    expect(await score(solution, unasked)).toMatchObject({ score: null, verdict: "grader_error" });
  });

  it("a solution that ends, hangs up or talks nonsense fails its test", async () => {
    const end = (code: string): string => `${solution}\ndef keys(d):\n    import os\n    ${code}`;
    const last = async (code: string): Promise<string> => verdicts(await score(end(code), stack)).at(-1)!;
    expect(await last("os._exit(0)")).toBe("runtime_error");
    expect(await last("os.write(4, b'x' * 100)")).toBe("tampered");
    expect(await last("os.write(3, b'\\x02\\0\\0\\0\\0')")).toBe("tampered");
    expect(await last("raise SystemExit")).toBe("wrong_answer");
  });
});
