import type { ScoreTask } from "../../model/score.ts";

/** A solution that must not score: nothing of the task is solved in it. */
export interface Control {
  readonly name: string;
  readonly code: string;
}

/** An object that says it is equal to everything, for any name that is asked for. */
const equalsAll = [
  "class Same:",
  "    def __eq__(self, other): return True",
  "    def __ne__(self, other): return False",
  "    def __lt__(self, other): return True",
  "    def __gt__(self, other): return True",
  "    def __bool__(self): return True",
  "    def __hash__(self): return 0",
  "    def __len__(self): return 0",
  "    def __iter__(self): return iter(())",
  "    def __getitem__(self, key): return self",
  "    def __call__(self, *args, **kwargs): return self",
  "    def __getattr__(self, name):",
  "        if name.startswith('__'): raise AttributeError(name)",
  "        return self",
  "def __getattr__(name):",
  "    if name.startswith('__'): raise AttributeError(name)",
  "    return Same()",
].join("\n");

const passed = [
  "import os, sys",
  "for fd in (1, 2):",
  "    os.write(fd, b'4 passed in 0.01s\\nOK\\n')",
  "print('all tests passed')",
].join("\n");

/** What every task is tried with: solutions that solve nothing. */
export function controlsOf(task: ScoreTask): Control[] {
  const isProgram = task.kind === "stdio";
  return [
    { name: "empty", code: "pass" },
    { name: "exit", code: "import os\nos._exit(0)" },
    { name: "system exit", code: "raise SystemExit(0)" },
    { name: "prints passed", code: passed },
    ...(isProgram ? [] : [{ name: "equals everything", code: equalsAll }]),
  ];
}
