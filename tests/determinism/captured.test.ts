/* What a program reads of its child comes in the same pieces in every run, from one pipe or from two, however fast the machine runs either. */
import { expect, it } from "vitest";

import { runRollout } from "../../src/rollout/collect-rollouts.ts";
import type { RolloutResult } from "../../src/rollout/rollout-result.ts";
import { fixture, inParallel } from "./fixtures.ts";

const run = async (name: string): Promise<RolloutResult> => {
  const rollout = await runRollout({
    envName: fixture(`captured.py:${name}`),
    policy: { actions: [0, 0] },
    seed: 1,
  });
  expect(rollout.error?.message).toBeUndefined();
  return rollout;
};

const said = (rollout: RolloutResult): unknown[] =>
  [...rollout.trajectory.steps()].slice(1).map(({ info }) => (info as { said?: unknown }).said);

it.each([
  ["Short", "4260 680"],
  ["Long", "142000 22678"],
  ["Fed", "7500 1500"],
  ["Echoed", "60000"],
  ["Threaded", "4260 680"],
  ["Lines", /^400 /],
  ["Chunks", /^142000 \[32768, 32768, 32768, 32768, 10928\]$/],
  ["Talked", /^150 /],
  ["Below", /^60 /],
])(
  "the addresses of what is made after %s are the same, alone and eight at once",
  { timeout: 240_000 },
  async (name, both) => {
    const alone = await inParallel(3, 1, async () => await run(name));
    const beside = await inParallel(24, 8, async () => await run(name));
    const all = [...alone, ...beside];
    for (const rollout of all)
      expect(said(rollout)).toEqual([expect.stringMatching(both), expect.stringMatching(both)]);
    expect(new Set(all.map(({ digest }) => digest)).size).toBe(1);
    expect(new Set(all.map(({ receipt }) => receipt.tier))).toEqual(new Set(["T2"]));
  },
);

it(
  "a signal's handler ends the wait, beside a child that waits for its parent",
  { timeout: 60_000 },
  async () => {
    expect(said(await run("Interrupted"))).toEqual(["10", "10"]);
  },
);
