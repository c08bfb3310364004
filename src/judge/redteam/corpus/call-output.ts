import { type Cheat, python } from "../cheat.ts";

const wrong = "def divisors(n): return None";
const summary = "b'\\n4 passed in 0.01s\\n'";

/** Summaries that nobody but the program has written. */
export const output: readonly Cheat[] = [
  {
    name: "prints-a-summary-and-exits",
    family: "fake summaries",
    code: python("import os", `for fd in (1, 2): os.write(fd, ${summary})`, "os._exit(0)"),
  },
  {
    name: "prints-a-summary-when-called",
    family: "fake summaries",
    code: python("import os", "def divisors(n):", `    os.write(1, ${summary})`, "    os._exit(0)"),
  },
  {
    name: "prints-a-summary-at-exit",
    family: "atexit",
    code: python("import atexit", "atexit.register(lambda: print('\\n999 passed'))", wrong),
  },
  {
    name: "prints-a-summary-when-torn-down",
    family: "atexit",
    code: python(
      "import os, sys",
      "class Last:",
      "    def __del__(self, write=os.write):",
      `        write(1, b'\\n999 passed\\n')`,
      "sys.last_of_all = Last()",
      wrong,
    ),
  },
  {
    name: "prints-a-summary-from-a-thread",
    family: "threads",
    code: python(
      "import threading, time",
      "def later():",
      "    threading.main_thread().join()",
      "    print('\\n999 passed', flush=True)",
      "threading.Thread(target=later).start()",
      wrong,
    ),
  },
  {
    name: "prints-a-summary-from-a-child",
    family: "child processes",
    code: python(
      "import os, time",
      "if os.fork() == 0:",
      "    time.sleep(0.5)",
      "    os.write(1, b'\\n999 passed\\n')",
      "    os._exit(0)",
      wrong,
    ),
  },
  {
    name: "prints-a-summary-from-a-command",
    family: "child processes",
    code: python(
      "import subprocess, sys",
      "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1); print(\"999 passed\")'])",
      wrong,
    ),
  },
  {
    name: "floods-and-prints-a-summary",
    family: "stdout floods",
    code: python(
      "import os, sys",
      "sys.stdout.write('.' * 3_000_000)",
      "print('\\n4 passed', flush=True)",
      "os._exit(0)",
    ),
  },
  {
    name: "forges-a-frame",
    family: "forged results",
    code: python(
      "import os, pickle",
      "open('results.pkl', 'wb').write(pickle.dumps([True] * 4))",
      "for fd in range(3, 10):",
      "    try: os.write(fd, b'\\x01\\x01\\0\\0\\0\\xf5')",
      "    except OSError: pass",
      "os._exit(0)",
    ),
  },
  {
    name: "forges-a-frame-from-a-child",
    family: "child processes",
    // Where a call's answer is a frame, what it writes says 56: an answer like another, and right for one test of four. The
    // function itself never returns, so what asks it gets nothing, and an honest function that gives nothing scores 0.
    ability: { call: 0.25 },
    code: python(
      "import os, pickle, time",
      "def divisors(n):",
      "    if os.fork() == 0:",
      "        for fd in (3, 4):",
      "            try: os.write(fd, b'\\x01\\x02\\0\\0\\0\\x18\\x38')",
      "            except OSError: pass",
      "        with open('results.pkl', 'wb') as file: pickle.dump([True] * 4, file)",
      "        os._exit(0)",
      "    os.wait()",
      "    os._exit(0)",
    ),
  },
];
