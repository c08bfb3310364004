import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";

import type { NdArray } from "../../../src/model/cbor/ndarray.ts";
import type { ActionValue } from "../../../src/model/cbor/typed-value.ts";
import type { JsonValue } from "../../../src/model/json.ts";
import { runRollout } from "../../../src/rollout/collect-rollouts.ts";
import { openRollout } from "../../../src/rollout/open-rollout.ts";
import type { RolloutStep } from "../../../src/rollout/rollout-step.ts";
import type { OpenRolloutConfig } from "../../../src/rollout/stepped-options.ts";
import { closeSandboxes } from "../../../src/sandbox/sandbox-host.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-stepped-"));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await closeSandboxes();
});

const cartPole = { envName: "CartPole-v1", seed: 42 } as const;

it.for([0, 1, 5, 20])(
  "that is closed while it takes a step is truncated, %i ms after it began",
  async (ms) => {
    const rollout = await openRollout(cartPole);
    await rollout.step(1);
    const step = rollout.step(1);
    if (ms > 0) await sleep(ms);
    const closed = await rollout.close();
    expect(closed.error).toBeUndefined();
    expect(closed.outcome).toBe("truncated");
    expect([1, 2]).toContain(closed.steps);
    await step.catch(() => {});
  },
);

describe("a stepped rollout", () => {
  it("shows what is recorded, and gives the records of the same actions as a list", async () => {
    await using rollout = await openRollout(cartPole);
    const first = rollout.observation as NdArray<"float32">;
    expect(first.data).toBeInstanceOf(Float32Array);
    expect(rollout.info).toEqual({});
    expect(rollout.actionSpace).toEqual({ type: "Discrete", n: 2, start: 0, dtype: "int64" });
    expect(rollout.observationSpace).toMatchObject({ type: "Box", dtype: "float32", shape: [4] });
    expect({ steps: rollout.steps, legal: rollout.legal, isOver: rollout.isOver }).toEqual({
      steps: 0,
      legal: null,
      isOver: false,
    });
    const shown: RolloutStep[] = [];
    const actions: number[] = [];
    do {
      actions.push(actions.length % 2);
      shown.push(await rollout.step(actions.at(-1)!));
      expect(rollout.observation).toBe(shown.at(-1)!.observation);
    } while (!shown.at(-1)!.terminated);
    expect(rollout.isOver).toBe(true);
    const result = await rollout.close();
    const listed = await runRollout({ ...cartPole, policy: { actions } });
    const { contentDigest, playDigest, totalReward } = listed;
    expect(result).toMatchObject({ outcome: "terminated", contentDigest, playDigest, totalReward });
    const recorded = [...result.trajectory.steps()];
    expect(
      [first, ...shown.map(({ observation }) => observation as NdArray)].map((each) => each.toList()),
    ).toEqual(recorded.map(({ observation }) => observation));
    expect(shown.map(({ reward }) => reward)).toEqual(recorded.slice(1).map(() => 1));
    expect(result.trajectory.spaces["agent"]).toEqual({
      action: rollout.actionSpace,
      observation: rollout.observationSpace,
    });
  });

  it("gives them for any actions, cut off anywhere", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1000),
        fc.array(fc.float({ min: -2, max: 2, noNaN: true }), { maxLength: 12 }),
        async (seed, forces) => {
          const spec = { envName: "Pendulum-v1", seed };
          await using rollout = await openRollout(spec);
          for (const force of forces) await rollout.step([force]);
          const { outcome, contentDigest, steps } = await rollout.close();
          const actions: JsonValue[] = forces.map((force) => [force]);
          const listed = await runRollout({ ...spec, policy: { actions } });
          expect({ outcome, contentDigest, steps }).toEqual({
            outcome: "truncated",
            contentDigest: listed.contentDigest,
            steps: forces.length,
          });
        },
      ),
      { numRuns: 15 },
    );
  });

  it("says that the step limit truncates it", async () => {
    await using rollout = await openRollout({ ...cartPole, maxSteps: 2 });
    expect(await rollout.step(1)).toMatchObject({ truncated: false });
    expect(await rollout.step(1)).toMatchObject({ truncated: true, terminated: false });
    await expect(rollout.step(1)).rejects.toMatchObject({
      code: "rollout_over",
      message: "the rollout is over: truncated after 2 steps",
    });
  });

  it("is truncated where it is closed, and can be closed again", async () => {
    const rollout = await openRollout(cartPole);
    await rollout.step(1);
    const results = await Promise.all([rollout.close(), rollout.close()]);
    expect(results[0]).toMatchObject({ outcome: "truncated", steps: 1 });
    expect(await rollout.close()).toMatchObject({ digest: results[0].digest });
    await expect(rollout.step(1)).rejects.toMatchObject({ code: "rollout_over" });
  });

  it("takes one step at a time", async () => {
    await using rollout = await openRollout(cartPole);
    const stepping = rollout.step(1);
    await expect(rollout.step(1)).rejects.toMatchObject({ code: "bad_argument" });
    expect(await stepping).toMatchObject({ reward: 1 });
    expect((await rollout.close()).steps).toBe(1);
  });

  it("goes on after a value that is no action at all, and ends at one that is not in the space", async () => {
    await using rollout = await openRollout(cartPole);
    for (const value of [undefined, () => 1, Symbol("one"), new Date(0)])
      await expect(rollout.step(value as unknown as ActionValue)).rejects.toMatchObject({
        code: "bad_argument",
      });
    expect(await rollout.step(1)).toMatchObject({ reward: 1 });
    await expect(rollout.step(2)).rejects.toMatchObject({
      code: "rollout_over",
      message: "the rollout is over: illegal_action after 1 step: IllegalAction: 2 is not in Discrete(2)",
    });
    const listed = await runRollout({ ...cartPole, policy: { actions: [1, 2] } });
    const { outcome, contentDigest } = await rollout.close();
    expect({ outcome, contentDigest }).toEqual({
      outcome: "illegal_action",
      contentDigest: listed.contentDigest,
    });
  });
});

describe("its end from elsewhere", () => {
  it("comes after a while without a step", async () => {
    await using rollout = await openRollout({ ...cartPole, idleMs: 150 });
    while (!rollout.isOver) await sleep(20);
    await expect(rollout.step(1)).rejects.toMatchObject({ code: "rollout_over" });
    expect(await rollout.close()).toMatchObject({
      outcome: "wall_limit",
      error: { by: "policy", kind: "limit", message: "the caller took longer than 150 ms for one action" },
    });
  });

  it("comes with the caller's signal, before the first observation and behind it", async () => {
    await expect(openRollout({ ...cartPole, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "aborted",
    });
    const controller = new AbortController();
    await using rollout = await openRollout({ ...cartPole, signal: controller.signal });
    await rollout.step(1);
    controller.abort();
    await expect(rollout.step(1)).rejects.toMatchObject({ code: "aborted" });
    await expect(rollout.close()).rejects.toMatchObject({ code: "aborted" });
  });

  const file = join(folder, "failing.py");
  writeFileSync(
    file,
    [
      "class Env:",
      "    def __init__(self, at):",
      "        self.at = at",
      "        if at == -1: raise ValueError('not made')",
      "    def reset(self, seed=None):",
      "        if self.at == 0: raise ValueError('not reset')",
      "        self.k = 0",
      "        return 0, {}",
      "    def step(self, action):",
      "        self.k += 1",
      "        if self.k == self.at: raise ValueError('not stepped')",
      "        if self.k == 9:",
      "            import os",
      "            os._exit(3)",
      "        return self.k, 0.5, False, False, {'k': self.k}",
      "",
    ].join("\n"),
  );
  const failing = (at: number): OpenRolloutConfig => ({ envName: `${file}:Env`, envArgs: { at }, seed: 1 });

  it.each([
    [-1, "not made"],
    [0, "not reset"],
  ])("comes from an environment that fails before its first observation: %i", async (at, message) => {
    await expect(openRollout(failing(at))).rejects.toMatchObject({
      code: "rollout_over",
      message: `the rollout is over: env_error after 0 steps: ValueError: ${message}`,
    });
  });

  it("comes from a step that raises, and from a process that vanishes", async () => {
    await using rollout = await openRollout(failing(2));
    expect(await rollout.step(null)).toMatchObject({ observation: 1, reward: 0.5, info: { k: 1 } });
    await expect(rollout.step(null)).rejects.toMatchObject({
      message: "the rollout is over: env_error after 1 step: ValueError: not stepped",
    });
    expect(await rollout.close()).toMatchObject({ outcome: "env_error", steps: 1 });
    await using vanishing = await openRollout(failing(99));
    for (let step = 1; step < 9; step++) await vanishing.step(step);
    await expect(vanishing.step(9)).rejects.toMatchObject({ code: "rollout_over" });
    expect(await vanishing.close()).toMatchObject({ outcome: "env_error", steps: 8 });
  });

  it("is an error where the environment is none", async () => {
    await expect(openRollout({ envName: "CartPoll-v1", seed: 1 })).rejects.toMatchObject({
      code: "unknown_environment",
    });
    await expect(openRollout({ ...cartPole, policy: "random" } as OpenRolloutConfig)).rejects.toMatchObject({
      code: "bad_argument",
    });
    await expect(openRollout({ ...cartPole, seed: -1 })).rejects.toMatchObject({ code: "bad_argument" });
  });
});
