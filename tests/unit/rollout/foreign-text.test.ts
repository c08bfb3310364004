/*
 * What a program says last becomes part of a recorded row. It comes in chunks that end anywhere and is cut where it is long:
 * neither may leave half a character.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";

import { runRollout } from "../../../src/rollout/collect-rollouts.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-text-"));
afterAll(async () => {
  await closeSandboxes();
  rmSync(folder, { recursive: true, force: true });
});

/** An environment whose first step does this. */
function environment(name: string, step: string): string {
  const path = join(folder, `${name}.py`);
  writeFileSync(
    path,
    `
import os, sys, time
import gymnasium
from gymnasium import spaces

class Env(gymnasium.Env):
    observation_space = spaces.Discrete(2)
    action_space = spaces.Discrete(2)
    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return 0, {}
    def step(self, action):
        ${step}
`,
  );
  return `${path}:Env`;
}

test("the last words of a process are whole, however they come", async () => {
  // One byte at a time, so that every character is in several chunks; the host's clock, so that they are sent apart.
  const step = `
        for byte in "größe 😀 ключ".encode():
            os.write(2, bytes([byte]))
            time.sleep(0.002)
        os._exit(3)`;
  const { outcome, error } = await runRollout({
    envName: environment("bytes", step),
    seed: 1,
    world: "host",
  });
  expect([outcome, error?.message]).toEqual([
    "env_error",
    "the environment's process exited with status 3: größe 😀 ключ",
  ]);
});

test("what is cut off leaves no half of a character", async () => {
  for (const shift of [0, 1, 2, 3]) {
    const step = `os.write(2, b"." * ${shift} + "😀".encode() * 4000); os._exit(3)`;
    const { error } = await runRollout({ envName: environment(`long${shift}`, step), seed: 1 });
    expect(error?.message.isWellFormed()).toBe(true);
    expect(error?.message).not.toContain("\ufffd");
    expect(error?.message).toMatch(/: 😀+$/u);
  }
});

test("half a character that a program makes itself is recorded as text that JSON and UTF-8 can hold", async () => {
  const envName = environment("half", `raise ValueError("half \\\\ud83d of one " + "x" * 3)`);
  const { outcome, error } = await runRollout({ envName, seed: 1 });
  expect(outcome).toBe("env_error");
  expect(JSON.parse(Buffer.from(JSON.stringify(error)).toString())).toEqual(error);
  expect(error?.message.isWellFormed()).toBe(true);
  expect(error?.traceback?.isWellFormed()).toBe(true);
});
