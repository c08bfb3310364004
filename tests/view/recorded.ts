// Recordings to look at: what environments, policies and completions control is hostile text.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Writable } from "node:stream";
import type { CommandWork } from "../../src/cli/cli.ts";
import { Output } from "../../src/cli/output.ts";
import { makeProgram } from "../../src/cli/program.ts";
import { StatusLine } from "../../src/cli/render/status-line.ts";
import { painterFor } from "../../src/cli/render/style.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { Workplace } from "../cli/sameseed.ts";

const root = resolve(import.meta.dirname, "../..");

/** Texts that become code or markup where somebody forgets to escape them. Each sets `window.hit` where it runs. */
export const hostile: readonly string[] = [
  "<img src=x onerror=window.hit=1>",
  "</script><script>window.hit=1</script>",
  '"><svg onload=window.hit=1>',
  "' onmouseover='window.hit=1' x='",
  "javascript:window.hit=1//",
  "<!--<script>window.hit=1</script>-->",
  "<iframe srcdoc='<script>parent.hit=1</script>'></iframe>",
  "{{constructor.constructor('window.hit=1')()}}",
  "&lt;img src=x onerror=window.hit=1&gt;",
  "<style>*{display:none}</style>",
  "\u202e<b>reversed</b>\u2028</p>",
  "\u2067\u05d0\u05d1 5 isolated \u061c\u200fto the right\u200e",
];

/** Characters that turn the order of the letters after them. */
export const turning: RegExp = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** A folder's name that is markup too. */
export const hostileName = "<img src=x onerror=window.hit=1>";

const program = `import sys
import time
import numpy as np
import gymnasium
from gymnasium.spaces import Box, Discrete, Text

TEXTS = ${JSON.stringify(hostile)}
ALL = " ".join(TEXTS)

class Hostile(gymnasium.Env):
    observation_space = Text(10_000)
    action_space = Discrete(2)
    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.n, self.seed = 0, seed
        print("\\x1b[31m" + ALL, ALL, sep="\\r\\n")
        print(ALL, file=sys.stderr)
        return ALL, {text: text for text in TEXTS}
    def step(self, action):
        self.n += 1
        if self.seed == 2 and self.n == 2:
            raise type(TEXTS[0], (Exception,), {})(ALL)
        return TEXTS[self.n], 1.0, self.n >= 5, False, {TEXTS[self.n]: [TEXTS[self.n]]}
    def render(self):
        return "\\x1b[41m" + ALL + "\\x1b[0m\\x1b]0;title\\x07"

class Clocked(gymnasium.Env):
    observation_space = Box(-1, 1, (4,))
    action_space = Discrete(2)
    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.n = 0
        return self.np_random.random(4, dtype=np.float32), {}
    def step(self, action):
        self.n += 1
        info = {"now": time.time()} if self.n > 4 else {}
        return self.np_random.random(4, dtype=np.float32), 1.0, self.n >= 12, False, info

class Picture(gymnasium.Env):
    observation_space = Box(0, 255, (8, 8, 3), np.uint8)
    action_space = Discrete(2)
    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.n = 0
        return self.np_random.integers(0, 255, (8, 8, 3), dtype=np.uint8), {}
    def step(self, action):
        self.n += 1
        return self.np_random.integers(0, 255, (8, 8, 3), dtype=np.uint8), float(action), self.n >= 60, False, {}
    def render(self):
        return np.full((8, 12, 3), (255, 0, self.n), np.uint8)
`;

const tasks = [
  {
    id: hostile[0],
    kind: "call",
    function: "f",
    tests: [{ name: hostile[1], args: [1], expected: hostile[0] }],
  },
  { id: "flat", kind: "call", function: "f", tests: [{ args: [1], expected: 1 }] },
  { id: "steep", kind: "call", function: "f", tests: [{ args: [1], expected: 1 }] },
];
const completions = [
  {
    id: hostile[2],
    task: hostile[0],
    completion: `\`\`\`python\ndef f(a):\n    print(${JSON.stringify(hostile[0])})\n    return ${JSON.stringify(hostile[1])}\n\`\`\``,
  },
  { id: "b", task: "flat", completion: "```python\ndef f(a):\n    return a\n```" },
  { id: "c", task: "flat", completion: "```python\ndef f(a):\n    return 1\n```" },
  { id: "low", task: "steep", completion: "```python\ndef f(a):\n    return 0\n```" },
  { id: "middle", task: "steep", completion: "```python\ndef f(a):\n    return 2\n```" },
  { id: "high", task: "steep", completion: "```python\ndef f(a):\n    return a\n```" },
];

/** Records one of everything below `runs`. */
export async function recordEverything(): Promise<Workplace> {
  const place = new Workplace({
    "envs.py": program,
    "bad.py": `def choose_action(board, player, rng):\n    raise ValueError(${JSON.stringify(hostile[0])})\n`,
    "tasks.jsonl": tasks.map((task) => JSON.stringify(task)).join("\n"),
    "completions.jsonl": completions.map((completion) => JSON.stringify(completion)).join("\n"),
  });
  mkdirSync(place.path("runs"));
  const envs = place.path("envs.py");
  const runs = (name: string): string => place.path("runs", name);
  const hostileRun = place.path("runs", hostileName);
  // What builds on one another, one after the other; the rest beside it.
  const roads: readonly (readonly string[][])[] = [
    [
      ["run", `${envs}:Clocked`, "--seeds", "1..3", "--world", "host", "--out", runs("clocked")],
      ["verify", runs("clocked")],
      ["audit", "--run", runs("clocked")],
    ],
    [
      ["run", `${envs}:Picture`, "--seeds", "7,8", "--out", runs("picture")],
      ["verify", runs("picture")],
      ["replay", runs("picture"), "--seed", "7", "--render"],
      ["export", runs("picture"), "--html", place.path("one.html"), "--render", "--stdio", "--seeds", "8"],
      ["branch", runs("picture"), "--seed", "7", "--step", "3", "--reseed", "1..3", "--out", runs("futures")],
    ],
    [
      ["run", `${envs}:Hostile`, "--seeds", "1,2", "--out", hostileRun],
      ["replay", hostileRun, "--seed", "1", "--render", "--stdio"],
      ["compare", "greedy", place.path("bad.py"), "--seeds", "1", "--games", "4", "--out", runs("match")],
      ["league", "random", "greedy", "--games", "4", "--out", runs("league")],
      ["score", place.path("tasks.jsonl"), place.path("completions.jsonl"), "--out", runs("scores")],
    ],
  ];
  try {
    await Promise.all(
      roads.map(async (commands) => {
        for (const command of commands) await run(command);
      }),
    );
    // Everything is there, and of it the steps of one rollout and one branch are chosen.
    const chosen = place.path("chosen.html");
    await run(["export", place.path("runs"), "--html", chosen, "--seeds", "7", "--branch", "2"]);
  } finally {
    await closeSandboxes();
  }
  return place;
}

/** Runs a command line in this process: its start is most of what a short one takes. Some of these are to diverge. */
async function run(args: readonly string[]): Promise<void> {
  let work: CommandWork | undefined;
  const program = await makeProgram((chosen) => {
    work = chosen;
  });
  await program.parseAsync([...args], { from: "user" });
  // Nobody reads what it prints.
  const nowhere = new Writable({
    write: (_chunk, _encoding, done) => done(),
  }) as unknown as NodeJS.WriteStream;
  const paint = painterFor(nowhere);
  const { signal } = new AbortController();
  const output = new Output(nowhere, () => {});
  await work?.({ args, output, status: new StatusLine(nowhere), paint, paintStatus: paint, signal });
}

/** Builds the viewer as the package has it. */
export function buildViewer(): void {
  const vite = join(root, "node_modules/vite/bin/vite.js");
  const built = spawnSync(process.execPath, [vite, "build", "-c", join(root, "viewer/vite.config.ts")], {
    cwd: root,
    env: { ...process.env, NODE_ENV: "production" },
  });
  if (built.status !== 0) throw new Error(`the viewer cannot be built: ${built.stderr.toString()}`);
}

/** Writes a file in the folder of the recordings. */
export function writeBeside(place: Workplace, name: string, text: string): string {
  writeFileSync(place.path(name), text);
  return place.path(name);
}
