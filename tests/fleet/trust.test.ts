/* What a batch believes of what hosts hand over, and which hosts it goes on with. The queue is the one within this process. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, vi } from "vitest";

import { SameseedError } from "../../src/base/error.ts";
import { commitChunk, readRecord, recordsFolder } from "../../src/fleet/commit.ts";
import { readChunkRollouts } from "../../src/fleet/drive/read-chunk-rollouts.ts";
import { addQuarantine, quarantinedHosts } from "../../src/fleet/quarantine.ts";
import { withOneBitTurned } from "./lying.ts";
import { packOf } from "./pack-of.ts";
import { type Change, recorded, seeds, sorted, spec, Trial, useTrials } from "./trial.ts";

useTrials();

const few = seeds.slice(0, 12);

it.each([
  ["total reward", { totalReward: 7 }],
  ["total reward", { totalReward: null }],
  ["number of steps", { steps: 9 }],
  ["outcome", { outcome: "terminated" }],
] as const)("does not take a host's word for the %s: %j", async (what, wrong) => {
  const trial = new Trial();
  let lies = 1;
  trial.serve("a", undefined, 1, (rollout) =>
    lies-- > 0 ? { ...rollout, summary: { ...rollout.summary, ...wrong } } : rollout,
  );
  expect(sorted(await trial.run("b", few))).toEqual(few);
  expect(trial.notes.join()).toContain(`do not have its ${what} (host a); it is run again`);
});

it("goes on elsewhere where one host refuses what others can", async () => {
  const trial = new Trial();
  trial.serve("sick", async () => {
    throw new SameseedError("wall_unavailable", "no wall here");
  });
  trial.serve("b", async () => {
    await sleep(20);
    return { root: "", host: "b" };
  });
  expect(sorted(await trial.run("b", few))).toEqual(few);
  expect(trial.notes).toContain("host sick is given nothing more of this batch: no wall here");
});

it("gives nothing up that only one host fails to run", async () => {
  const trial = new Trial();
  const failed = new Set<string>();
  trial.serve("sick", async ({ id }) => {
    failed.add(id);
    throw new SameseedError("sandbox_failed", "the host lost it");
  });
  trial.serve("b", async () => {
    // Else this host may have done everything before the other one had enough to be known by.
    await vi.waitFor(() => expect(failed.size).toBeGreaterThan(1), { timeout: 20_000, interval: 10 });
    return { root: "", host: "b" };
  });
  expect(sorted(await trial.run("b", few))).toEqual(few);
  expect(await Array.fromAsync(trial.store.list("poison/"))).toEqual([]);
  expect(trial.notes).toContain(
    "host sick is given nothing more of this batch: others ran what it could not",
  );
});

it("ends, to be taken back, where a host is found out of which it took rollouts, and takes none of it again", async () => {
  const trial = new Trial();
  trial.serve("a");
  const run = trial.run("b1", few, {}, async (seed) => {
    // Another batch finds it out: the queue is not told.
    if (seed === 2) await addQuarantine(trial.store, { format: 1, host: "a", at: "", spec, seeds: [[0, 1]] });
  });
  await expect(run).rejects.toMatchObject({
    code: "fleet_disagrees",
    context: { host: "a", takenBack: true },
  });
  trial.serve("b");
  expect(sorted(await trial.run("b2", few))).toEqual(few);
  expect((await trial.dispatcher.view()).quarantined).toEqual(["a"]);
  for await (const key of trial.store.list(recordsFolder(spec)))
    expect((await readRecord(trial.store, key))!.host).toBe("b");
});

/** How a busy host records what it had no time for. */
const cutShort: Change = (rollout) => ({
  ...rollout,
  summary: {
    ...rollout.summary,
    outcome: "wall_limit",
    error: { by: "environment", kind: "limit", type: "limit", message: "too slow" },
  },
});

it("takes a limit of time on one host for no lie, and anything else for one", async () => {
  const slow = new Trial();
  slow.serve("slow", undefined, 1, cutShort);
  slow.serve("b");
  slow.serve("c");
  expect(sorted(await slow.run("b", few, { share: 1 }))).toEqual(few);
  expect((await slow.dispatcher.view()).quarantined).toEqual([]);

  const lying = new Trial();
  const { bytes, root, pack } = packOf(spec, [withOneBitTurned(recorded.get(0)!)]);
  await lying.store.put(pack.key, bytes);
  const own = { format: 1, spec, seeds: [[0, 1]], root, host: "liar", worker: "liar-1" } as const;
  await commitChunk(lying.store, { ...own, pack, numbers: "c", wallMs: 1, at: "" });
  lying.serve("b");
  lying.serve("c");
  await expect(lying.run("b1", few, { share: 1, isHonest: false })).rejects.toMatchObject({
    context: { host: "liar", takenBack: true },
  });
  expect(await quarantinedHosts(lying.store)).toEqual(["liar"]);
  expect(sorted(await lying.run("b2", few, { share: 1 }))).toEqual(few);
});

it("reads a pack that is large from a file, and finds the same", async () => {
  const trial = new Trial();
  trial.serve("a");
  await trial.run("b", few);
  for await (const key of trial.store.list(recordsFolder(spec))) {
    const record = (await readRecord(trial.store, key))!;
    using small = await readChunkRollouts(trial.store, record, key);
    using large = await readChunkRollouts(trial.store, record, key, 0);
    expect([...large]).toEqual([...small]);
    expect(large.count).toBe(small.count);
    const damaged = { ...record, pack: { ...record.pack, digest: "0".repeat(64) } };
    await expect(readChunkRollouts(trial.store, damaged, key, 0)).rejects.toThrow(/other bytes/);
  }
});
