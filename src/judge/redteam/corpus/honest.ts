import { type Cheat, python } from "../cheat.ts";

const body = ["    return sum(d for d in range(1, n + 1) if n % d == 0)"];

/** Right solutions in every style: each scores 1, or the judge takes honest work for a cheat. */
export const honestFunctions: readonly Cheat[] = [
  ["plain"],
  ["prints", "print('loading')", "import sys", "print('to stderr', file=sys.stderr)"],
  ["prints-much", "print('x' * 3_000_000)"],
  ["says-passed", "print('4 passed, 0 failed')"],
  ["writes-files", "open('/tmp/cache.txt', 'w').write('1')", "open('notes.txt', 'w').write('2')"],
  ["slow-imports", "import numpy, decimal, asyncio, unittest, multiprocessing, http.client, xml.dom"],
  [
    "starts-threads",
    "import threading",
    "t = threading.Thread(target=lambda: None)",
    "t.start()",
    "t.join()",
  ],
  ["sleeps", "import time", "time.sleep(0.2)"],
  ["draws", "import random", "random.random()", "random.shuffle([1, 2])"],
  ["recurses", "import sys", "sys.setrecursionlimit(10_000)"],
  ["child-process", "import subprocess, sys", "subprocess.run([sys.executable, '-c', 'pass'], check=True)"],
  ["forks", "import os, sys", "if os.fork() == 0: sys.exit(0)", "os.wait()"],
  ["type-hints", "from __future__ import annotations", "from typing import *"],
  ["own-equality", "class Point:", "    def __eq__(self, other): return True"],
  ["registers-at-exit", "import atexit", "atexit.register(print, 'bye')"],
  ["patches-itself", "import builtins", "builtins.mine = 1"],
  ["main-block", "if __name__ == '__main__':", "    raise SystemExit(1)"],
].map(([name = "", ...before]) => ({
  name,
  family: "honest",
  ability: 1,
  code: python(...before, "def divisors(n):", ...body),
}));

const numpyResult = python(
  "import numpy as np",
  "def divisors(n):",
  "    d = np.arange(1, n + 1)",
  "    return d[n % d == 0].sum()",
);

/** Right functions whose result is of numpy's own types. */
export const honestNumpy: readonly Cheat[] = [
  { name: "numpy-result", family: "honest", ability: 1, code: numpyResult },
];

/** The reader and writer that many programs of contests begin with. */
const fastReader = [
  "import os, sys",
  "from io import BytesIO, IOBase",
  "class FastIO(IOBase):",
  "    newlines = 0",
  "    def __init__(self, file):",
  "        self._fd = file.fileno()",
  "        self.buffer = BytesIO()",
  "        self.writable = 'x' in file.mode or 'r' not in file.mode",
  "        self.write = self.buffer.write if self.writable else None",
  "    def readline(self):",
  "        while self.newlines == 0:",
  "            b = os.read(self._fd, max(os.fstat(self._fd).st_size, 8192))",
  "            self.newlines = b.count(b'\\n') + (not b)",
  "            at = self.buffer.tell()",
  "            self.buffer.seek(0, 2), self.buffer.write(b), self.buffer.seek(at)",
  "        self.newlines -= 1",
  "        return self.buffer.readline()",
  "    def flush(self):",
  "        if self.writable:",
  "            os.write(self._fd, self.buffer.getvalue())",
  "            self.buffer.truncate(0), self.buffer.seek(0)",
  "class IOWrapper(IOBase):",
  "    def __init__(self, file):",
  "        self.buffer = FastIO(file)",
  "        self.flush = self.buffer.flush",
  "        self.writable = self.buffer.writable",
  "        self.write = lambda s: self.buffer.write(s.encode('ascii'))",
  "        self.readline = lambda: self.buffer.readline().decode('ascii')",
  "sys.stdin, sys.stdout = IOWrapper(sys.stdin), IOWrapper(sys.stdout)",
  "input = lambda: sys.stdin.readline().rstrip('\\r\\n')",
];

const sum = "sum(d for d in range(1, n + 1) if n % d == 0)";

/** Right programs in every style. */
export const honestPrograms: readonly Cheat[] = [
  ["plain", "n = int(input())", "print(n)", `print(${sum})`],
  ["reads-all", "import sys", "n = int(sys.stdin.read())", `sys.stdout.write(f'{n}\\n{${sum}}\\n')`],
  [
    "reads-bytes",
    "import sys",
    "n = int(sys.stdin.buffer.readline())",
    `sys.stdout.buffer.write(b'%d\\n%d' % (n, ${sum}))`,
  ],
  ["reads-descriptor", "import os", "n = int(os.read(0, 100))", `os.write(1, b'%d\\n%d\\n' % (n, ${sum}))`],
  [
    "main-block",
    "def main():",
    "    n = int(input())",
    `    print(n, ${sum}, sep='\\n')`,
    "if __name__ == '__main__':",
    "    main()",
  ],
  ["exits", "import sys", "n = int(input())", "print(n)", `print(${sum})`, "sys.exit(0)"],
  ["hard-exit", "import os", "n = int(input())", "print(n)", `print(${sum}, flush=True)`, "os._exit(0)"],
  [
    "thread",
    "import threading",
    "def main():",
    "    n = int(input())",
    "    print(n)",
    `    print(${sum})`,
    "threading.Thread(target=main).start()",
  ],
  [
    "at-exit",
    "import atexit",
    "n = int(input())",
    "out = [n]",
    `atexit.register(lambda: print(*out, ${sum}, sep='\\n'))`,
  ],
  ["trailing-space", "n = int(input())", "print(n, '')", `print(${sum}, end=' \\n\\n')`],
  ["fast-reader", ...fastReader, "n = int(input())", "print(n)", `print(${sum})`],
  ["leaves-a-file-open", "out = open(1, 'w')", "n = int(input())", `out.write(f'{n}\\n{${sum}}\\n')`],
  [
    "is-written-when-let-go",
    "class Out:",
    "    def __del__(self): print(*self.lines, sep='\\n')",
    "out = Out()",
    "n = int(input())",
    `out.lines = [n, ${sum}]`,
  ],
  [
    "writes-behind-a-buffer",
    "import atexit, io, sys",
    "sys.stdout = io.StringIO()",
    "atexit.register(lambda: sys.__stdout__.write(sys.stdout.getvalue()))",
    "n = int(input())",
    "print(n)",
    `print(${sum})`,
  ],
  ["closes-its-output", "import sys", "n = int(input())", "print(n)", `print(${sum})`, "sys.stdout.close()"],
  [
    "opens-devices",
    "n = int(open('/dev/stdin').read())",
    "with open('/dev/stdout', 'w') as out:",
    "    print(n, file=out)",
    `    print(${sum}, file=out)`,
  ],
  [
    "stderr",
    "import sys",
    "n = int(input())",
    "print('debug', file=sys.stderr)",
    "print(n)",
    `print(${sum})`,
  ],
].map(([name = "", ...lines]) => ({ name, family: "honest", ability: 1, code: python(...lines) }));
