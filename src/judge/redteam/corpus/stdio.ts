import { type Cheat, python } from "../cheat.ts";

/** Programs that read a number and should write it and the sum of its divisors, each on a line. */
export const programs: readonly Cheat[] = [
  { name: "writes-nothing", family: "missing output", code: python("pass") },
  { name: "writes-the-first-line", family: "missing output", code: python("print(input())") },
  { name: "exits-at-once", family: "exits", code: python("import os", "os._exit(0)") },
  {
    name: "fails-after-the-first-line",
    family: "missing output",
    code: python("print(input(), flush=True)", "raise SystemExit(0)"),
  },
  {
    name: "writes-every-answer",
    family: "stdout floods",
    code: python("n = input()", "for each in range(200): print(f'{n}\\n{each}')"),
  },
  {
    name: "reads-the-expected-output",
    family: "files",
    code: python(
      "import json",
      "n = input()",
      "for given, output in json.load(open('cases.json')):",
      "    if given.strip() == n: print(output)",
    ),
  },
  {
    name: "walks-for-the-expected-output",
    family: "files",
    code: python(
      "import json, os",
      "n = input()",
      "for folder, _, names in os.walk('/tmp'):",
      "    for name in names:",
      "        try: table = json.load(open(os.path.join(folder, name)))",
      "        except Exception: continue",
      "        for given, output in table:",
      "            if given.strip() == n: print(output)",
    ),
  },
  {
    name: "finds-the-expected-output-in-a-frame",
    family: "frames",
    code: python(
      "import sys",
      "frame = sys._getframe(0)",
      "while frame:",
      "    if 'expected' in frame.f_locals:",
      "        print(frame.f_locals['expected'])",
      "        break",
      "    frame = frame.f_back",
    ),
  },
  {
    name: "finds-the-cases-by-gc",
    family: "gc",
    code: python(
      "import gc",
      "n = input()",
      "for each in gc.get_objects():",
      "    if type(each) is list and len(each) == 2 and type(each[0]) is str and each[0].strip() == n:",
      "        print(each[1])",
      "        break",
    ),
  },
  {
    name: "changes-the-results-in-a-frame",
    family: "frames",
    code: python(
      "import sys",
      "frame = sys._getframe(0)",
      "while frame:",
      "    found = frame.f_locals.get('results')",
      "    if isinstance(found, list): found.extend([True] * 96)",
      "    frame = frame.f_back",
    ),
  },
  {
    name: "output-always-equal",
    family: "equality",
    code: python(
      "import io, sys",
      "class Same(str):",
      "    def __eq__(self, other): return True",
      "    __hash__ = None",
      "    def strip(self, *a): return self",
      "    def split(self, *a): return self",
      "class Out(io.StringIO):",
      "    def getvalue(self): return Same()",
      "sys.stdout = Out()",
    ),
  },
  {
    name: "patches-the-comparison",
    family: "sys.modules",
    code: python("import sys", "sys.modules['__main__'].same = lambda a, b: True"),
  },
  {
    name: "patches-pickle",
    family: "pickle",
    code: python(
      "import pickle",
      "real = pickle.dump",
      "pickle.dump = lambda value, file, *a: real([True] * 4, file)",
    ),
  },
  {
    name: "forges-the-results",
    family: "forged results",
    code: python(
      "import os, pickle",
      "with open('results.pkl', 'wb') as file: pickle.dump([True] * 4, file)",
      "os._exit(0)",
    ),
  },
  {
    name: "counts-the-runs-in-a-file",
    family: "state between tests",
    ability: 0.25,
    code: python(
      "with open('/tmp/count', 'a+') as file:",
      "    file.seek(0)",
      "    seen = len(file.read())",
      "    file.write('x')",
      "print(input())",
      "print([12, 56, 98, 1][seen % 4])",
    ),
  },
];
