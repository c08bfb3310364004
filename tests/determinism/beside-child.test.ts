/*
 * Whoever looks whether a child has done something yet, instead of waiting for it, shows how fast the machine is. The receipt
 * says so, whichever process of the sandbox it was, and whoever only waits keeps its tier.
 */
import { describe, expect, it } from "vitest";

import { runRollout } from "../../src/rollout/collect-rollouts.ts";
import type { RolloutResult } from "../../src/rollout/rollout-result.ts";
import { fixture, inParallel } from "./fixtures.ts";

const run = async (name: string): Promise<RolloutResult> => {
  const rollout = await runRollout({
    envName: fixture(`beside_child.py:${name}`),
    seed: 1,
    policy: { actions: [0] },
  });
  expect(rollout.outcome, rollout.error?.message).toBe("terminated");
  return rollout;
};

const files = [
  "Exists",
  "Access",
  "Opens",
  "Lists",
  "Reads",
  "Seeks",
  "Changes",
  "Cuts",
  "Removes",
  "RemovesFolder",
];
const others = [
  "Unread",
  "Unheard",
  "Pending",
  "Counted",
  "Ended",
  "Signalled",
  "Alive",
  "Grandchildren",
  "Shell",
];

describe.each([...files, ...others])("a look beside a child (%s)", (name) => {
  it("is named, and no tier is claimed", async () => {
    const { receipt } = await run(name);
    expect(receipt.world.notHeld).toContain("children");
    expect(receipt.tier).toBe("none");
  });
});

describe.each(["Waits", "Speaks", "Joins", "Prints"])("what only waits (%s)", (name) => {
  it("keeps its bytes and its tier, alone and beside others", { timeout: 120_000 }, async () => {
    const runs = [await run(name), ...(await inParallel(4, 2, async () => await run(name)))];
    expect(new Set(runs.map(({ digest }) => digest)).size).toBe(1);
    for (const { receipt } of runs) expect(receipt.world.notHeld).not.toContain("children");
  });
});
