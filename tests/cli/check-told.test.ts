/* What `sameseed check` says to a person: each part when it is known, why a tier is not T2, and where it failed. */
import { afterAll, describe, expect, it } from "vitest";

import { checkEnvironment } from "../../src/index.ts";
import { Workplace } from "./sameseed.ts";

const environments = `import os
import random
import struct
import subprocess
import sys

import gymnasium as gym
import numpy as np


class Walk(gym.Env):
    action_space = gym.spaces.Discrete(2)
    observation_space = gym.spaces.Discrete(1000)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        return self.np_random.integers(1000), {}

    def step(self, action):
        self.count += 1
        return self.np_random.integers(1000), 1.0, self.count == 3, False, {}


class HasTorch(Walk):
    def __init__(self):
        # Stands for the library: what counts is that it is loaded.
        sys.modules["torch"] = sys


class StartsStatic(Walk):
    def __init__(self):
        # The header of a 64-bit program of this machine without segments, so without a dynamic linker.
        machine = {"x86_64": 62, "aarch64": 183}[os.uname().machine]
        with open("/tmp/engine", "wb") as file:
            file.write(b"\\x7fELF\\x02\\x01\\x01" + bytes(9))
            file.write(struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 0, 0, 0, 0, 64, 56, 0, 0, 0, 0))
        os.chmod("/tmp/engine", 0o755)
        subprocess.run(["/tmp/engine"], check=True)


class Floods(Walk):
    def step(self, action):
        # Plain Gymnasium is played by a file of its own.
        while sys.argv[0].endswith("plain.py"):
            print("x" * 100_000)
        return super().step(action)


class DrawsFromRandom(Walk):
    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return random.randrange(1000), {}


class DrawsFromNumpy(Walk):
    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.random.randint(1000), {}


class DrawsFromBoth(DrawsFromRandom):
    def step(self, action):
        return np.random.randint(1000), *super().step(action)[1:]


class DrawsFromTheKernel(DrawsFromRandom):
    def step(self, action):
        return int.from_bytes(os.urandom(2), "little") % 1000, *super().step(action)[1:]


class Breaks(Walk):
    def step(self, action):
        first, second = [1, 2, 3]
`;

const place = new Workplace({ "envs.py": environments });
afterAll(() => place[Symbol.dispose]());

async function check(name: string, ...more: string[]): Promise<string> {
  const given = ["check", `envs.py:${name}`, "--seeds", "0,1", "--max-steps", "3", ...more];
  return (await place.run(given)).stdout;
}

describe("sameseed check", () => {
  it("says what keeps a tier below T2", async () => {
    const text = await check("HasTorch");
    expect(text).toMatch(
      /\nfit \(T1\)\n {2}T1, this host alone: .*\bnumeric-libraries\b.*; docs\/guide\/sealed-world\.md says/,
    );
    const host = await check("Walk", "--world", "host");
    expect(host).toMatch(/\nfit \(T1\)\n {2}T1, this host alone: the host's world promises no more\n/);
  });

  it.each([
    [
      "DrawsFromRandom",
      "pass",
      /it draws from the process's own random, which reset\(seed=…\) does not seed/,
    ],
    ["DrawsFromNumpy", "pass", /it draws from the process's own numpy\.random, which/],
    ["DrawsFromBoth", "pass", /it draws from the process's own random and numpy\.random, which/],
    [
      "DrawsFromTheKernel",
      "fail",
      /something else than reset\(seed=…\) decides, such as the clock or the system's entropy/,
    ],
  ])("says what decides beside the seed, which an audit need not name: %s", async (name, audit, cause) => {
    const text = await check(name);
    expect(text).toMatch(cause);
    expect(text).toMatch(new RegExp(`\\n {2}audit +${audit}`));
    expect(text).not.toContain("the audit names it");
  });

  it("names the world that starts a program which the sealed one refuses", async () => {
    const text = await check("StartsStatic");
    expect(text).toMatch(
      /statically linked or of another C library; ask for the host's: world: "host", or --world host\)\n/,
    );
    expect(text).toMatch(/\n +at envs\.py:\d+: subprocess\.run\(/);
  });

  it("says of a plain process that met a limit which it was, and does not blame the host's world", async () => {
    const text = await check("Floods");
    expect(text).toMatch(/ seeding +warn +no episode to compare: sent more bytes than it may\n/);
    expect(text).toMatch(/ +it was ended at a limit: .* --wall-ms.* give more\n/);
    expect(text).not.toContain("lacks something that it needs");
  });

  it("shows the line where an episode failed", async () => {
    const text = await check("Breaks");
    expect(text).toMatch(
      /too many values to unpack \(expected 2(, got 3)?\)\n +at \S+:\d+: first, second = \[1, 2, 3\]\n/,
    );
    expect(text).toContain("not fit: it does not play");
  });

  it("gives the subject first, and each part before the next is begun", async () => {
    const told: string[] = [];
    const report = await checkEnvironment({
      envName: `${place.path("envs.py")}:Walk`,
      seeds: [0, 1],
      maxSteps: 3,
      onStart: ({ env, seeds }) => void told.push(`${env.split(":")[1] ?? ""} ${seeds.join(",")}`),
      onProgress: (doing) => void told.push(doing.split(":")[0] ?? ""),
      onPart: async (name) => {
        await new Promise((resolve) => setImmediate(resolve));
        told.push(`= ${name}`);
      },
    });
    expect(report.notHeld).toEqual(report.tier === "T2" ? [] : expect.anything());
    expect(told.filter((each, at) => each !== told[at - 1])).toEqual([
      "Walk 0,1",
      "playing",
      "= plays",
      "Gymnasium's check_env",
      "= gymnasium",
      "what the seed decides",
      "= seeding",
      "again, warm",
      "= warm",
      "again, cold",
      "= cold",
      "again, loaded",
      "= loaded",
      "audit",
      "= audit",
      "plain Gymnasium",
      "= plain",
      "speed",
      "= speed",
    ]);
  });
});
