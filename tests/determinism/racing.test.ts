/*
 * Counts and clocks beside another process, or beside threads that really run at once: what real time decides is not in
 * the chain, the receipt says that it was there, and no tier is claimed that it could break.
 */
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { runRollout } from "../../src/rollout/collect-rollouts.ts";
import { resolveOptions } from "../../src/rollout/rollout-config.ts";
import type { RolloutResult } from "../../src/rollout/rollout-result.ts";
import { recordRun } from "../../src/store/record-run.ts";
import { FrameDecoder } from "../../src/trajectory/frame-decoder.ts";
import { decodeVolatile } from "../../src/trajectory/records.ts";
import { auditRollouts } from "../../src/verify/audit/audit-environment.ts";
import { verifyRun } from "../../src/verify/verify-run.ts";
import { fixture, inParallel, temporaryFolder } from "./fixtures.ts";

const folder = temporaryFolder();
const options = (name: string) =>
  ({ envName: fixture(`racing.py:${name}`), policy: { actions: [0, 0, 0] } }) as const;

const run = async (name: string): Promise<RolloutResult> => {
  const rollout = await runRollout({ ...options(name), seed: 1 });
  expect(rollout.outcome, rollout.error?.message).toBe("terminated");
  return rollout;
};

/** The counts beside the chain, by kind, of all records. */
function countsBeside(rollout: RolloutResult): Map<string, number> {
  const stored = rollout.trajectory.bytes;
  const frames = new FrameDecoder().push(stored.subarray(12 + Buffer.from(stored).readUInt32LE(8)));
  const counts = new Map<string, number>();
  for (const { type, payload } of frames)
    if (type === "volatile")
      for (const [kind, count] of Object.entries(decodeVolatile(payload, "run_damaged").ledger ?? {}))
        counts.set(kind, (counts.get(kind) ?? 0) + count);
  return counts;
}

const kinds = ["Asyncio", "Polling", "Pool", "Executor", "Talking", "Queued"];

describe.each(kinds)("a process beside the step (%s)", (name) => {
  it(
    "leaves the bytes equal, alone and beside others, and the receipt names it",
    { timeout: 240_000 },
    async () => {
      const alone = await inParallel(4, 1, async () => await run(name));
      const beside = await inParallel(8, 4, async () => await run(name));
      expect(new Set([...alone, ...beside].map(({ digest }) => digest)).size).toBe(1);
      for (const { receipt } of [...alone, ...beside]) {
        expect(receipt.world.notHeld).toContain("children");
        expect(receipt.tier).toBe("none");
      }
    },
  );
});

it("what real time decides is kept beside the chain, and the records hold the rest", async () => {
  const rollout = await run("Asyncio");
  const ledgers = [...rollout.trajectory.records()].map(({ ledger = {} }) => ledger);
  for (const ledger of ledgers.slice(1, 4)) expect(ledger).toMatchObject({ process: 1, thread: 1 });
  expect(Math.max(...ledgers.map(({ clock = 0 }) => clock))).toBeLessThan(10);
  expect(countsBeside(rollout).get("clock")).toBeGreaterThan(60);
});

it("no question beside a child is counted in the chain, and what a step took is not handed on to the next", async () => {
  const rollout = await run("Asking");
  const ledgers = [...rollout.trajectory.records()].map(({ ledger = {} }) => ledger);
  expect(ledgers.slice(2, 4).map(({ process, pid, stat = 0 }) => [process, pid, stat < 50])).toEqual(
    Array.from({ length: 2 }, () => [1, undefined, true]),
  );
  expect(countsBeside(rollout).get("pid")).toBeGreaterThanOrEqual(150);
  const begun = [...rollout.trajectory.steps()]
    .slice(2)
    .map(({ observation }) => BigInt(observation as string | number));
  for (const at of begun) expect(Number(at % 100_000_000n)).toBeLessThan(1_000_000);
});

it("a process that is only waited for is no race: everything is in the chain, and the tier stays", async () => {
  const rollout = await run("Waiting");
  expect(rollout.receipt.world.notHeld).not.toContain("children");
  const ledgers = [...rollout.trajectory.records()].map(({ ledger = {} }) => ledger);
  for (const ledger of ledgers.slice(1, 4)) expect(ledger).toMatchObject({ process: 1, clock: 1 });
  expect(countsBeside(rollout)).toEqual(new Map());
  expect((await run("Waiting")).digest).toBe(rollout.digest);
});

it(
  "what asks for the time once its children are gone has not raced either",
  { timeout: 240_000 },
  async () => {
    const alone = await inParallel(3, 1, async () => await run("Waited"));
    const beside = await inParallel(6, 4, async () => await run("Waited"));
    expect(new Set([...alone, ...beside].map(({ digest }) => digest)).size).toBe(1);
    for (const rollout of [...alone, ...beside]) {
      expect(rollout.receipt.world.notHeld).not.toContain("children");
      expect(countsBeside(rollout)).toEqual(new Map());
    }
    const ledgers = [...alone[0]!.trajectory.records()].map(({ ledger = {} }) => ledger);
    for (const ledger of ledgers.slice(1, 4)) expect(ledger).toMatchObject({ process: 2, clock: 2 });
  },
);

it("threads that run at once have no count in the chain, and the receipt names them", async () => {
  const [one, other] = [await run("Native"), await run("Native")];
  expect(other.digest).toBe(one.digest);
  expect(one.receipt).toMatchObject({
    tier: "none",
    world: { notHeld: expect.arrayContaining(["threads"]) },
  });
  expect([...one.trajectory.records()].slice(2).map(({ ledger }) => ledger)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(countsBeside(one).get("clock")).toBeGreaterThan(0);
});

it("a run of it verifies", async () => {
  const { dir } = await recordRun({ ...options("Asyncio"), seeds: [1, 2, 3], dir: join(folder, "run") });
  expect(await verifyRun(dir)).toMatchObject({ verified: true, equal: 3 });
});

it("an audit says the same each time, and claims no more than its rollouts", async () => {
  const audit = async (): Promise<unknown> => {
    const subject = { env: "Quiet", options: resolveOptions(options("Quiet")), seeds: [1] };
    const { cost: _, ...report } = await auditRollouts(subject);
    return report;
  };
  const first = await audit();
  expect(first).toMatchObject({ verdict: "virtualised", tier: "none", causes: [] });
  expect(await audit()).toEqual(first);
}, 240_000);
