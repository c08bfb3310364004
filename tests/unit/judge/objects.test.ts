/* Objects that stay in the solution's sandbox: what a judge may ask of them as it would of its own. */
import { afterAll, describe, expect, it } from "vitest";

import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { score } from "./score-support.ts";

afterAll(closeSandboxes);

/** The tests that do not pass, of a judge that is these lines for each name. */
async function failing(
  code: string,
  head: string,
  tests: Readonly<Record<string, readonly string[]>>,
): Promise<string[]> {
  const each = Object.entries(tests).map(([name, lines]) =>
    [`def test_${name}(solution):`, ...lines.map((line) => `    ${line}`)].join("\n"),
  );
  const result = await score(code, { id: "objects", kind: "judge", judge: [head, ...each].join("\n") });
  expect(result.total).toBe(each.length);
  return result.tests.filter(({ verdict }) => verdict !== "accepted").map(({ name }) => name.slice(5));
}

describe("arguments", () => {
  const tests = {
    named: ["xs = [3, 1, 2]", "solution.order(items=xs)", "assert xs == [1, 2, 3]"],
    both: [
      "a, b = [2, 1], {'x': 1}",
      "solution.order(a, more=b)",
      "assert a == [1, 2] and b == {'x': 1, 'n': 2}",
    ],
    subclass: [
      "from collections import Counter",
      "c = Counter('ab')",
      "solution.order([], more=c)",
      "assert 'n' in c and c['a'] == 1",
    ],
    given: ["xs = [3, 1, 2]", "assert solution.ordered(items=xs) == sorted(xs)"],
  };

  it("that a call changes are changed, named ones too", async () => {
    const code =
      "def order(items, more={}):\n    items.sort()\n    more['n'] = len(items)\ndef ordered(items): return sorted(items)";
    expect(await failing(code, "", tests)).toEqual([]);
  });

  it("but not where it gives something", async () => {
    const code = "def order(items, more={}): pass\ndef ordered(items):\n    items.clear()\n    return []";
    expect(await failing(code, "", tests)).toEqual(["named", "both", "subclass", "given"]);
  });
});

describe("a class in OPERATORS", () => {
  const code = [
    "class V:",
    "    def __init__(s, x): s.x = x",
    "    def __mul__(s, k): return V(s.x * k)",
    "    __rmul__ = __mul__",
    "    def __rsub__(s, k): return V(k - s.x)",
    "    def __iadd__(s, k):",
    "        s.x += k",
    "        return s",
    "    def __or__(s, o): return V(s.x | o.x)",
    "    def __and__(s, o): return V(s.x & o)",
    "    def __lshift__(s, k): return V(s.x << k)",
    "    def __round__(s, n=0): return round(s.x, n)",
    "    def __divmod__(s, k): return divmod(s.x, k)",
    "    def __rpow__(s, k): return V(k ** s.x)",
    "    def __invert__(s): return V(~s.x)",
    "    def __lt__(s, o): return s.x < (o.x if isinstance(o, V) else o)",
    "    def worth(s): return s",
    "class Stack:",
    "    def __init__(s): s.xs = []",
    "    def push(s, x): s.xs.append(x)",
    "    def __iter__(s): return iter(list(s.xs))",
    "    def __len__(s): return len(s.xs)",
    "    def __getitem__(s, i): return s.xs[i]",
    "class Count:",
    "    def __init__(s, n): s.n = n",
    "    def __iter__(s): return s",
    "    def __next__(s):",
    "        if s.n == 0: raise StopIteration",
    "        s.n -= 1",
    "        return s.n",
  ].join("\n");

  it("has what Python has of operators", async () => {
    const tests = {
      turned: [
        "v = solution.V(2)",
        "assert (2 * v).x == 4 and (v * 2).x == 4 and (5 - v).x == 3 and (3 ** v).x == 9",
      ],
      bits: [
        "v = solution.V(5)",
        "assert (v | solution.V(2)).x == 7 and (v & 4).x == 4 and (v << 1).x == 10 and (~v).x == -6",
      ],
      in_place: [
        "v = w = solution.V(2)",
        "v += 3",
        "assert v == w and w.x == 5",
        "v *= 2",
        "assert v.x == 10 and w.x == 5",
      ],
      numbers: ["v = solution.V(2.567)", "assert round(v, 1) == 2.6 and divmod(solution.V(7), 2) == (3, 1)"],
      twice: [
        "s = solution.Stack()",
        "s.push(1)",
        "assert list(s) == [1]",
        "s.push(2)",
        "assert list(s) == [1, 2]",
      ],
      turned_round: ["s = solution.Stack()", "s.push(1)", "s.push(2)", "assert list(reversed(s)) == [2, 1]"],
      order: ["vs = [solution.V(x) for x in (3, 1, 2)]", "assert [v.x for v in sorted(vs)] == [1, 2, 3]"],
      next: ["c = solution.Count(2)", "assert next(c) == 1 and next(c) == 0 and next(c, None) is None"],
    };
    expect(await failing(code, "OPERATORS = ['V', 'Stack', 'Count']", tests)).toEqual([]);
    const without = await failing(code, "", tests);
    expect(without).toEqual(["turned", "bits", "in_place", "numbers", "twice", "turned_round", "order"]);
  });

  it("but does not say how it compares with a value of the judge's", async () => {
    const yes =
      "class Any:\n    def __lt__(s, o): return True\n    __gt__ = __le__ = __ge__ = __eq__ = __lt__";
    const cheat = `${yes}\nclass V:\n    def worth(s): return Any()`;
    const tests = {
      less: ["assert solution.V().worth() < 5"],
      more: ["assert 5 <= solution.V().worth()"],
      equal: ["assert solution.V().worth() == 5"],
    };
    expect(await failing(cheat, "OPERATORS = ['V']", tests)).toEqual(["less", "more", "equal"]);
  });
});

describe("an iterator", () => {
  const tests = {
    next: ["g = solution.fib()", "assert next(g) == 0 and next(g) == 1 and next(g) == 1"],
    sliced: ["from itertools import islice", "assert list(islice(solution.fib(), 4)) == [0, 1, 1, 2]"],
    rest: ["g = solution.fib()", "assert next(g) == 0 and next(iter(g)) == 1"],
    end: [
      "g = solution.one()",
      "assert next(g) == 1 and next(g, 'end') == 'end'",
      "try:",
      "    next(g)",
      "except StopIteration:",
      "    return",
      "raise AssertionError('it goes on')",
    ],
  };
  const code = [
    "def fib():",
    "    a, b = 0, 1",
    "    while True:",
    "        yield a",
    "        a, b = b, a + b",
    "def one(): yield 1",
  ].join("\n");

  it("is asked for one value after the other", async () => {
    expect(await failing(code, "", tests)).toEqual([]);
  });

  it("but is gone through once, and what is none has no next value", async () => {
    const once = {
      twice: ["g = solution.one()", "assert list(g) == [1]", "assert all(x == 7 for x in g)"],
      parts: ["g = solution.numbers()", "assert 2 in g and 5 in g and 4 not in g"],
      none: ["next(solution.Bare(), None)"],
    };
    const more = `${code}\ndef numbers(): yield from range(9)\nclass Bare:\n    def __iter__(s): return iter([])`;
    expect(await failing(more, "", once)).toEqual(["twice", "parts", "none"]);
  });
});

it("an exit of a solution's is one: it can be expected, and ends no test well", async () => {
  const tests = {
    code: [
      "try:",
      "    solution.main(2)",
      "except SystemExit as e:",
      "    assert e.code == 2",
      "    return",
      "assert False",
    ],
    own: ["try:", "    solution.own()", "except solution.Own:", "    return", "assert False"],
    exit: ["try:", "    solution.own()", "except SystemExit:", "    return", "assert False"],
  };
  const code = [
    "import sys",
    "class Own(SystemExit): pass",
    "def main(n): sys.exit(n)",
    "def own(): raise Own(1)",
  ].join("\n");
  expect(await failing(code, "", tests)).toEqual([]);
  const unexpected = {
    plain: ["solution.main(0)"],
    caught: ["try:", "    solution.main(0)", "except Exception:", "    pass"],
    key: ["try:", "    solution.key()", "except KeyboardInterrupt:", "    pass"],
  };
  const ends = `${code}\ndef key(): raise KeyboardInterrupt`;
  expect(await failing(ends, "", unexpected)).toEqual(["plain", "caught", "key"]);
});
