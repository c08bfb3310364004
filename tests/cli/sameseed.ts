import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const program = resolve(import.meta.dirname, "../../bin/sameseed.js");

/** How one command ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as bytes. */
  readonly bytes: Buffer;
}

/** How a command is started. */
export interface StartOptions {
  readonly cwd: string;
  readonly input?: string | Uint8Array;
  /** Leaves the command's input open behind what is given. */
  readonly keepOpen?: true;
  /** A file descriptor for standard output, which is then not collected. */
  readonly stdout?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the real command line; what it says is collected until it ends. */
export function startSameseed(
  args: readonly string[],
  { cwd, input, keepOpen, stdout: target, env = {} }: StartOptions,
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: "1", ...env },
    stdio: ["pipe", target ?? "pipe", "pipe"],
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on("data", (data: Buffer) => stdout.push(data));
  child.stderr?.on("data", (data: Buffer) => stderr.push(data));
  child.stdin?.on("error", () => {}); // it may end without reading
  child.stdin?.write(input ?? "");
  if (keepOpen !== true) child.stdin?.end();
  const { promise, resolve: resolveEnded, reject } = Promise.withResolvers<Ended>();
  child.on("error", reject);
  child.on("close", (code, signal) => {
    const bytes = Buffer.concat(stdout);
    resolveEnded({
      code,
      signal,
      bytes,
      stdout: bytes.toString(),
      stderr: Buffer.concat(stderr).toString(),
    });
  });
  return { child, ended: promise };
}

/** A folder to work in, with files in it, that is removed at the end. */
export class Workplace implements Disposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "sameseed-cli-"));

  constructor(files: Readonly<Record<string, string>> = {}) {
    for (const [name, text] of Object.entries(files)) writeFileSync(this.path(name), text);
  }

  /** A path in the folder. */
  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** Runs the command line in the folder to its end. */
  async run(args: readonly string[], options: Omit<StartOptions, "cwd"> = {}): Promise<Ended> {
    return await startSameseed(args, { ...options, cwd: this.folder }).ended;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The lines of a text that hold anything. */
export function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** Environments and policies that do one thing each. */
export const sources: Readonly<Record<string, string>> = {
  "envs.py": `import os
import time
import numpy as np
import gymnasium
from gymnasium.spaces import Box, Discrete

class Plain(gymnasium.Env):
    observation_space = Box(-1, 1, (2,))
    action_space = Discrete(2)
    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.n = 0
        return np.zeros(2, np.float32), {}
    def step(self, action):
        self.n += 1
        return np.zeros(2, np.float32), 1.0, self.n >= 3, False, {}

class Clock(Plain):
    def step(self, action):
        observation, reward, terminated, truncated, _ = super().step(action)
        return observation, reward, terminated, truncated, {"t": time.time()}

class Lists(Plain):
    def step(self, action):
        observation, reward, terminated, truncated, _ = super().step(action)
        return observation, reward, terminated, truncated, {"files": len(os.listdir("/etc"))}

class Deaf(Plain):
    def reset(self, seed=None, options=None):
        self.n = 0
        return np.zeros(2, np.float32), {}

class Raises(Plain):
    def reset(self, seed=None, options=None):
        raise RuntimeError("\\x1b[2Jnever")

class Loops(Plain):
    def step(self, action):
        while True:
            pass

class NotANumber(Plain):
    def step(self, action):
        observation, _, terminated, truncated, info = super().step(action)
        return observation, float("nan"), terminated, truncated, info

class Slow(Plain):
    def step(self, action):
        time.sleep(0.03)
        return super().step(action)
`,
  "left.py": "def act(observation, rng):\n    return 0\n",
  "no_act.py": "def choose(observation, rng):\n    return 0\n",
  "raises.py": "def act(observation, rng):\n    raise ValueError('no way out')\n",
  "actions.json": "[0, 1, 0]\n",
  "object.json": '{"a": 1}\n',
  "broken.json": "[0, 1\n",
};
