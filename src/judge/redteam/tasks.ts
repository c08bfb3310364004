import type { ScoreTask } from "../../model/score.ts";
import type { TaskKind } from "./cheat.ts";
import { cases } from "./graders.ts";

const limits = { cpuMs: 4000, wallMs: 20_000, memoryMb: 256 };

const judge = [
  "import numpy as np",
  "import solution",
  "def test_six(): assert solution.divisors(6) == 12",
  "def test_perfect(solution):",
  "    assert all(map(lambda n, s: solution.divisors(n) == s, [28], [56]))",
  "class TestMore:",
  "    def test_prime(self): assert abs(solution.divisors(97) - 98) < 1e-9",
].join("\n");

const suite = [
  "import unittest",
  "import numpy as np",
  "from solution import divisors",
  "class TestDivisors(unittest.TestCase):",
  "    def test_a_six(self): self.assertEqual(divisors(6), 12)",
  "    def test_b_perfect(self): np.testing.assert_allclose(divisors(28), 56)",
  "    def test_c_prime(self): self.assertTrue(abs(divisors(97) - 98) < 1e-9)",
  "def test_one():",
  "    assert all(map(lambda n, s: divisors(n) == s, [1], [1]))",
].join("\n");

/** The tasks of the corpus, one of each kind: four tests of the same function. */
export const redteamTasks: Readonly<Record<TaskKind, ScoreTask>> = {
  call: {
    id: "redteam-call",
    kind: "call",
    function: "divisors",
    limits,
    tests: cases.map(([n, sum]) => ({ args: [n], expected: sum })),
  },
  stdio: {
    id: "redteam-stdio",
    kind: "stdio",
    limits,
    tests: cases.map(([n, sum]) => ({ input: `${n}\n`, output: `${n}\n${sum}\n` })),
  },
  judge: {
    id: "redteam-judge",
    kind: "judge",
    limits,
    judge,
    asserts: ["assert np.allclose(divisors(1), [1])"],
  },
  pytest: { id: "redteam-pytest", kind: "pytest", limits, suite },
};
