/* What a program reads of its child comes in the same pieces in every run, from one pipe or from two, however fast the machine runs either. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

import { runRollout } from "../../src/rollout/collect-rollouts.ts";
import type { RolloutResult } from "../../src/rollout/rollout-result.ts";
import { fixture, inParallel } from "./fixtures.ts";

const run = async (name: string, file = "captured.py"): Promise<RolloutResult> => {
  const rollout = await runRollout({
    envName: fixture(`${file}:${name}`),
    files: { "captured.py": readFileSync(fixture("captured.py"), "utf8") },
    policy: { actions: [0, 0] },
    seed: 1,
  });
  expect(rollout.error?.message).toBeUndefined();
  return rollout;
};

const said = (rollout: RolloutResult): unknown[] =>
  [...rollout.trajectory.steps()].slice(1).map(({ info }) => (info as { said?: unknown }).said);

/** Three rollouts alone and 24 of eight at once: all say the same, and have one digest and T2. */
async function expectSame(name: string, file: string, both: string | RegExp): Promise<void> {
  const alone = await inParallel(3, 1, async () => await run(name, file));
  const beside = await inParallel(24, 8, async () => await run(name, file));
  const all = [...alone, ...beside];
  for (const rollout of all)
    expect(said(rollout)).toEqual([expect.stringMatching(both), expect.stringMatching(both)]);
  expect(new Set(all.map(({ digest }) => digest)).size).toBe(1);
  expect(new Set(all.map(({ receipt }) => receipt.tier))).toEqual(new Set(["T2"]));
}

it.each([
  ["Short", "4260 680"],
  ["Long", "142000 22678"],
  ["Fed", "7500 1500"],
  ["Echoed", "60000"],
  ["Threaded", "4260 680"],
  ["Lines", /^400 /],
  ["Chunks", /^142000 \[(16384, ){8}10928\]$/],
  ["Talked", /^150 /],
  ["Below", /^60 /],
])(
  "the addresses of what is made after %s are the same, alone and eight at once",
  { timeout: 240_000 },
  async (name, both) => {
    await expectSame(name, "captured.py", both);
  },
);

it(
  "a signal's handler ends the wait, beside a child that waits for its parent",
  { timeout: 60_000 },
  async () => {
    expect(said(await run("Interrupted"))).toEqual(["10", "10"]);
  },
);

it.each([
  ["Vectors", /^35500 /],
  ["Unblocked", /^1770 /],
  ["HungUp", /^\[1, 1, 16\]$/],
  ["Duplicated", /^1770 /],
  ["HeldOpen", /^1771 /],
  ["Bereaved", /^60 /],
  ["Orphaned", /^1770 /],
  ["Deep", /^1770 /],
  ["Wide", /^420000 \[16384, /],
  ["WideCaptured", "420000"],
  ["Streamed", /^180 /],
])("they are the same where a child is heard otherwise: %s", { timeout: 240_000 }, async (name, both) => {
  await expectSame(name, "heard.py", both);
});

it.each([
  ["Beating", "6"],
  ["Searching", "found"],
  ["Chatting", "found"],
  ["Watched", "over"],
])(
  "a child that never rests keeps nobody waiting, and `children` does not hold: %s",
  { timeout: 120_000 },
  async (name, both) => {
    const rollout = await run(name, "heard.py");
    expect(said(rollout)).toEqual([both, both]);
    expect([rollout.receipt.tier, rollout.receipt.world.notHeld]).toEqual(["none", ["children"]]);
  },
);

it("who waits for the end of a pipe and reads nothing is told it", async () => {
  expect(said(await run("Awaited", "heard.py"))).toEqual(["said\n", "said\n"]);
});

it("what a child has left is read at once", async () => {
  expect(said(await run("Left", "heard.py"))).toEqual([40_000, 40_000]);
});

it("calls that do not wait in any world do not in this one", async () => {
  const answers = "b''\n9\n";
  expect(said(await run("Refused", "heard.py"))).toEqual([answers, answers]);
});

it("without room for what processes tell each other, programs start, and `children` does not hold", async () => {
  const rollout = await run("Crowded", "heard.py");
  expect(said(rollout)).toEqual(["0", "0"]);
  expect([rollout.receipt.tier, rollout.receipt.world.notHeld]).toEqual(["none", ["children"]]);
});
