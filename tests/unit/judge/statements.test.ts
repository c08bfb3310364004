/* A statement of a judge has the judge's names, and of the solution those alone that it lacks. */
import { afterAll, expect, it } from "vitest";

import type { JudgeTask } from "../../../src/model/score.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";
import { score } from "./score-support.ts";

afterAll(closeSandboxes);

const saying = (...asserts: string[]): JudgeTask => ({ id: "said", kind: "judge", judge: "pass", asserts });

it.for([
  ["math", "assert math.isclose(area(1), 3.14159, rel_tol=0.001)", "isclose"],
  ["np", "assert np.allclose(area(1), 3.14159, 1e-3)", "allclose"],
  ["os", "assert os.path.join(str(area(1))[:4], 'x') == '3.14/x'", "path"],
] as const)("a solution has no %s that a statement means", async ([name, statement, asked]) => {
  const cheat = `class ${name}:\n    def ${asked}(*a, **k): return True\n    class path:\n        join = lambda *a: '3.14/x'\ndef area(r): return 0`;
  expect((await score(cheat, saying(statement))).score).toBe(0);
  expect((await score("def area(r): return 3.14159 * r * r", saying(statement))).score).toBe(1);
  expect((await score("import math\ndef area(r): return math.pi * r * r", saying(statement))).score).toBe(1);
});

it("functions and classes of a solution are its own, also where a module is called so", async () => {
  const code = [
    "def bisect(xs, x): return sum(1 for each in xs if each < x)",
    "class code:",
    "    def solve(x): return x + 1",
    "class queue:",
    "    def put(self, x): self.last = x",
  ].join("\n");
  const task = saying(
    "assert bisect([1, 2], 2) == 1",
    "assert list(map(bisect, [[1]], [2])) == [1]",
    "assert code.solve(1) == 2",
    "q = queue()\nq.put(3)\nassert q.last == 3",
    "assert [code.solve(x) for x in [1, 2]] == [2, 3]",
    "import bisect\nassert bisect.bisect_left([1, 2], 2) == 1 and code.solve(1) == 2",
  );
  expect((await score(code, task)).tests.filter(({ verdict }) => verdict !== "accepted")).toEqual([]);
});

it("is asked for no name of an attribute, of a module or of a variable of the statement's own", async () => {
  const code = [
    "asked = []",
    "def __getattr__(name):",
    "    if not name.startswith('__'): asked.append(name)",
    "    raise AttributeError(name)",
    "def told(x): return asked",
  ].join("\n");
  const statement =
    "import math as m\nassert [told(x) for x in [1]][-1] == [] and 'a'.isalpha() and m.pi > 3";
  expect((await score(code, saying(statement))).score).toBe(1);
});
