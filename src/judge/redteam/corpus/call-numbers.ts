import { type Cheat, python, returning } from "../cheat.ts";

const raising = (name: string, error: string, ...before: readonly string[]): Cheat => ({
  name,
  family: "generators",
  code: python(...before, `def divisors(n): raise ${error}`),
});

/** Values that are near to every number, or to none and so to all; and what a test mistakes for its own end. */
export const numbers: readonly Cheat[] = [
  returning("nan", "NaN", "float('nan')"),
  returning("nan-in-an-array", "NaN", "np.array([np.nan])", "import numpy as np"),
  returning("nan-subclass", "NaN", "Odd('nan')", "class Odd(float):", "    def __abs__(self): return self"),
  returning("infinite", "huge results", "float('inf')"),
  returning("overflown", "huge results", "np.float64(1e300) ** 2", "import numpy as np"),
  returning("empty-array", "numpy", "np.empty((0, 1, 1))", "import numpy as np"),
  returning("empty-list", "numpy", "[]"),
  returning("empty-lists", "numpy", "[[], []]"),
  returning(
    "lazy-empty-array",
    "lazy objects",
    "Lazy()",
    "import numpy as np",
    "class Lazy:",
    "    def __array__(self, *args, **kwargs): return np.empty((0, 1))",
  ),
  raising("ends-the-loop", "StopIteration"),
  raising("ends-the-loop-by-a-subclass", "Done", "class Done(StopIteration): pass"),
  {
    name: "tells-the-tests-by-the-clock",
    family: "timing",
    ability: 0.25,
    code: python(
      "import time",
      "began = time.monotonic()",
      "def divisors(n):",
      "    at = round((time.monotonic() - began) / 0.5)",
      "    time.sleep(0.5)",
      "    return [12, 56, 98, 1][at % 4]",
    ),
  },
];
