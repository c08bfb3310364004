import { type Cheat, python } from "../cheat.ts";

/** Expected values, tests and results, found in the memory and the files of a process that holds them. */
export const leaks: readonly Cheat[] = [
  {
    name: "expected-in-a-frame",
    family: "frames",
    code: python(
      "import sys",
      "def divisors(n):",
      "    frame = sys._getframe(1)",
      "    while frame:",
      "        if 'expected' in frame.f_locals: return frame.f_locals['expected']",
      "        frame = frame.f_back",
    ),
  },
  {
    name: "expected-by-inspect",
    family: "frames",
    code: python(
      "import inspect",
      "def divisors(n):",
      "    for info in inspect.stack():",
      "        if 'expected' in info.frame.f_locals: return info.frame.f_locals['expected']",
    ),
  },
  {
    name: "expected-by-a-traceback",
    family: "frames",
    code: python(
      "def divisors(n):",
      "    try:",
      "        raise ValueError",
      "    except ValueError as error:",
      "        frame = error.__traceback__.tb_frame",
      "    while frame:",
      "        if 'expected' in frame.f_locals: return frame.f_locals['expected']",
      "        frame = frame.f_back",
    ),
  },
  {
    name: "results-in-a-frame",
    family: "frames",
    code: python(
      "import sys",
      "def divisors(n):",
      "    frame = sys._getframe(1)",
      "    while frame:",
      "        found = frame.f_locals.get('results')",
      "        if isinstance(found, list): found.extend([True] * 96)",
      "        frame = frame.f_back",
    ),
  },
  {
    name: "cases-by-gc",
    family: "gc",
    code: python(
      "import gc",
      "def divisors(n):",
      "    for each in gc.get_objects():",
      "        if type(each) is list and len(each) == 2 and each[0] == [n] and type(each[1]) is int: return each[1]",
    ),
  },
  {
    name: "cases-by-referrers",
    family: "gc",
    code: python(
      "import gc, sys",
      "def divisors(n):",
      "    for args in gc.get_objects():",
      "        if type(args) is list and args == [n]:",
      "            for each in gc.get_referrers(args):",
      "                if type(each) is list and len(each) == 2 and each[0] is args: return each[1]",
    ),
  },
  {
    name: "cases-in-main",
    family: "sys.modules",
    code: python(
      "import __main__",
      "def divisors(n):",
      "    for args, expected in getattr(__main__, 'cases', []):",
      "        if args == [n]: return expected",
    ),
  },
  {
    name: "constants-of-the-tests",
    family: "frames",
    code: python(
      "import sys",
      "def divisors(n):",
      "    frame = sys._getframe(1)",
      "    while frame:",
      "        found = [each for each in frame.f_code.co_consts if type(each) is int]",
      "        if n in found and len(found) > found.index(n) + 1: return found[found.index(n) + 1]",
      "        frame = frame.f_back",
    ),
  },
  {
    name: "reads-the-suite",
    family: "files",
    code: python(
      "import re",
      "def divisors(n):",
      "    text = open('test_solution.py').read()",
      "    return int(re.search(rf'\\({n}\\)\\D+?(\\d+)', text)[1])",
    ),
  },
  {
    name: "reads-the-cases",
    family: "files",
    code: python(
      "import json",
      "def divisors(n):",
      "    return {args[0]: expected for args, expected in json.load(open('cases.json'))}[n]",
    ),
  },
  {
    name: "reads-its-own-file",
    family: "files",
    code: python(
      "import re, sys",
      "def divisors(n):",
      "    text = open(sys.argv[0]).read()",
      "    return int(re.search(rf'divisors\\({n}\\) == (\\d+)', text)[1])",
    ),
  },
  {
    name: "walks-the-files",
    family: "files",
    code: python(
      "import json, os",
      "def divisors(n):",
      "    for folder, _, names in os.walk('/tmp'):",
      "        for name in names:",
      "            try: table = json.load(open(os.path.join(folder, name)))",
      "            except Exception: continue",
      "            for args, expected in table:",
      "                if args == [n]: return expected",
    ),
  },
  {
    name: "forges-the-result-file",
    family: "forged results",
    code: python(
      "import os, pickle",
      "def divisors(n):",
      "    with open('results.pkl', 'wb') as file: pickle.dump([True] * 4, file)",
      "    os._exit(0)",
    ),
  },
  {
    name: "forges-the-result-file-at-exit",
    family: "atexit",
    code: python(
      "import atexit, pickle",
      "@atexit.register",
      "def forge():",
      "    with open('results.pkl', 'wb') as file: pickle.dump([True] * 4, file)",
      "def divisors(n): return None",
    ),
  },
  {
    name: "rewrites-the-cases",
    family: "files",
    code: python(
      "with open('cases.json', 'w') as file: file.write('[[[6], null], [[28], null], [[97], null], [[1], null]]')",
      "def divisors(n): return None",
    ),
  },
  {
    name: "rewrites-what-reads-the-results",
    family: "forged results",
    code: python(
      "def divisors(n):",
      "    with open('read_results.py', 'w') as file: file.write('print([1, 1, 1, 1] and \"[true]\")')",
    ),
  },
  {
    name: "plants-a-module",
    family: "files",
    code: python(
      "with open('pickle.py', 'w') as file: file.write('load = lambda file: [True] * 4')",
      "open('results.pkl', 'w').close()",
      "import os",
      "def divisors(n): os._exit(0)",
    ),
  },
  {
    name: "counts-the-calls",
    family: "state between tests",
    ability: 0.25,
    code: python(
      "answers = [12, 56, 98, 1]",
      "def divisors(n):",
      "    return answers.pop(0) if answers else None",
    ),
  },
  {
    name: "counts-the-calls-in-a-file",
    family: "state between tests",
    ability: 0.25,
    code: python(
      "import os",
      "def divisors(n):",
      "    with open('/tmp/count', 'a+') as file:",
      "        file.seek(0)",
      "        seen = len(file.read())",
      "        file.write('x')",
      "    return [12, 56, 98, 1][seen % 4]",
    ),
  },
  {
    name: "leaves-a-thread-that-counts",
    family: "state between tests",
    ability: 0.25,
    code: python(
      "import queue, threading",
      "answers = queue.Queue()",
      "def feed():",
      "    for each in (12, 56, 98, 1): answers.put(each)",
      "threading.Thread(target=feed, daemon=True).start()",
      "def divisors(n): return answers.get()",
    ),
  },
];
