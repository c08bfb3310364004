import { type Cheat, python } from "../cheat.ts";

const wrong = "def divisors(n): return None";
const fakeSuite = [
  "import sys, types",
  "fake = types.ModuleType('test_solution')",
  "for at in range(4): setattr(fake, f'test_{at}', lambda: None)",
];

/** Builtins, modules and the grader's own names, changed from inside its process. */
export const patches: readonly Cheat[] = [
  {
    name: "patched-print",
    family: "builtins",
    code: python(
      "import builtins",
      "say = print",
      "builtins.print = lambda *a, **k: say('4 passed, 0 failed')",
      wrong,
    ),
  },
  {
    name: "patched-abs",
    family: "builtins",
    code: python("import builtins", "builtins.abs = lambda x: 0", "def divisors(n): return 0"),
  },
  {
    name: "patched-all",
    family: "builtins",
    code: python("import builtins", "builtins.all = lambda x: True", wrong),
  },
  {
    name: "patched-open",
    family: "builtins",
    code: python(
      "import builtins, io",
      "real = builtins.open",
      "def fake(name, *a, **k):",
      "    if str(name).endswith('.json'): return io.StringIO('[[[6], null], [[28], null], [[97], null], [[1], null]]')",
      "    return real(name, *a, **k)",
      "builtins.open = fake",
      wrong,
    ),
  },
  {
    name: "patched-json-load",
    family: "json",
    code: python("import json", "json.load = lambda *a, **k: [[[6], None]] * 4", wrong),
  },
  {
    name: "patched-json-loads",
    family: "json",
    code: python(
      "import json",
      "class Decoder(json.JSONDecoder):",
      "    def decode(self, text): return [[[6], None]] * 4",
      "json.loads = lambda *a, **k: Decoder().decode('')",
      "json.load = lambda file, **k: json.loads(file.read())",
      wrong,
    ),
  },
  {
    name: "patched-pickle-dump",
    family: "pickle",
    code: python(
      "import pickle",
      "real = pickle.dump",
      "pickle.dump = lambda value, file, *a: real([True] * 4, file)",
      wrong,
    ),
  },
  {
    name: "patched-pickle-module",
    family: "pickle",
    code: python(
      "import pickle as real, sys, types",
      "fake = types.ModuleType('pickle')",
      "fake.dump = lambda value, file, *a: file.write(real.dumps([True] * 4))",
      "for module in list(sys.modules.values()):",
      "    if getattr(module, 'pickle', None) is real: module.pickle = fake",
      "sys.modules['pickle'] = fake",
      wrong,
    ),
  },
  {
    name: "patched-numpy-allclose",
    family: "numpy",
    code: python("import numpy as np", "np.allclose = lambda *a, **k: True", "def divisors(n): return 0"),
  },
  {
    name: "patched-numpy-isclose",
    family: "numpy",
    code: python(
      "import numpy as np",
      "np.isclose = lambda *a, **k: np.True_",
      "np.allclose = lambda *a, **k: bool(np.isclose(*a))",
      "def divisors(n): return -1",
    ),
  },
  {
    name: "patched-unittest",
    family: "test framework",
    code: python("import unittest", "unittest.TestCase.assertEqual = lambda *a, **k: None", wrong),
  },
  {
    name: "patched-stdout",
    family: "stdout",
    code: python(
      "import sys",
      "class Liar:",
      "    def __init__(self, real): self.real = real",
      "    def write(self, text): return self.real.write(text.replace('failed', 'skipped').replace('0 passed', '4 passed'))",
      "    def __getattr__(self, name): return getattr(self.real, name)",
      "sys.stdout = Liar(sys.stdout)",
      wrong,
    ),
  },
  {
    name: "fake-suite-module",
    family: "sys.modules",
    code: python(...fakeSuite, "sys.modules['test_solution'] = fake", wrong),
  },
  {
    name: "emptied-suite",
    family: "sys.modules",
    code: python(
      "import sys",
      "def divisors(n):",
      "    suite = sys.modules.get('test_solution') or sys.modules['__main__']",
      "    for name in list(vars(suite)):",
      "        if name.startswith('test_'): setattr(suite, name, lambda: None)",
      "    return None",
    ),
  },
  {
    name: "suite-without-code",
    family: "gc",
    code: python(
      "import gc, types",
      "def divisors(n):",
      "    for each in gc.get_objects():",
      "        if isinstance(each, types.FunctionType) and each.__name__.startswith('test_'):",
      "            each.__code__ = (lambda: None).__code__",
    ),
  },
  {
    name: "main-counter",
    family: "sys.modules",
    code: python("import __main__", "def divisors(n):", "    __main__.passed = 99", "    return None"),
  },
  {
    name: "main-runner",
    family: "sys.modules",
    code: python("import __main__", "__main__.run_one = lambda test: True", wrong),
  },
  {
    name: "main-comparison",
    family: "sys.modules",
    code: python("import __main__", "def divisors(n):", "    __main__.same = lambda a, b: True"),
  },
  {
    name: "skips-what-it-cannot",
    family: "test framework",
    ability: 0.25,
    code: python(
      "import unittest",
      "def divisors(n):",
      "    if n != 1: raise unittest.SkipTest('not today')",
      "    return 1",
    ),
  },
  {
    name: "assertion-error-that-is-none",
    family: "builtins",
    code: python(
      "import builtins, sys",
      "class Quiet(Exception): pass",
      "def hook(kind, error, trace):",
      "    import os; os._exit(0)",
      "sys.excepthook = hook",
      "def divisors(n): raise Quiet",
    ),
  },
];
