/*
 * How the chunks of a batch are made, followed and given up. The queue is the one within this process and the store a folder;
 * the hosts' work is to hand over rollouts that were recorded once, and whatever the test has go wrong.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, vi } from "vitest";

import { SameseedError } from "../../src/base/error.ts";
import { seedCount, seedsOf } from "../../src/fleet/chunk.ts";
import { type ChunkRecord, recordKey, recordsFolder } from "../../src/fleet/commit.ts";
import type { ChunkState, ChunkWork, FleetView } from "../../src/fleet/queue/dispatcher.ts";
import { LocalDispatcher } from "../../src/fleet/queue/local-dispatcher.ts";
import { packOf } from "./pack-of.ts";
import { recordAgain, recorded, seeds, sorted, spec, Trial, useTrials } from "./trial.ts";

useTrials();

it("yields each rollout once, and takes from the store what is there already", async () => {
  const trial = new Trial();
  trial.serve("a");
  expect(sorted(await trial.run("b1", seeds.slice(0, 20)))).toEqual(seeds.slice(0, 20));
  const before = trial.begun.length;
  expect(sorted(await trial.run("b2"))).toEqual(seeds);
  expect(sorted(trial.begun.slice(before).flat())).toEqual(seeds.slice(20));
  expect(trial.notes).toEqual(["20 of 40 rollouts were in the fleet's store"]);
});

it("cuts chunks that fail down to the one rollout, finishes all others, and names it", async () => {
  const trial = new Trial();
  trial.serve("a", async ({ seeds: own }) => {
    if ([...seedsOf(own)].includes(13)) throw new SameseedError("sandbox_failed", "the host lost it");
    return { root: "", host: "a" };
  });
  const failed = await trial.run().catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: "sandbox_failed", context: { seeds: [13] } });
  expect(sorted([...new Set(trial.begun.filter((own) => !own.includes(13)).flat())])).toEqual(
    seeds.filter((seed) => seed !== 13),
  );
  expect(JSON.parse(String(await trial.store.get(`poison/${spec}/13.json`)))).toMatchObject({ seed: 13 });
});

it("ends with what a host says that no host can do", async () => {
  const trial = new Trial();
  trial.serve("a", async () => {
    throw new SameseedError("wall_unavailable", "no wall here", { hint: "another kernel" });
  });
  await expect(trial.run()).rejects.toMatchObject({ code: "wall_unavailable", hint: "another kernel" });
});

it("runs again what is damaged in the store, and gives up where that goes on", async () => {
  const trial = new Trial();
  trial.serve("a");
  await trial.run("b1");
  const packs: string[] = [];
  for await (const key of trial.store.list("packs/")) packs.push(key);
  const [first = "", second = ""] = packs;
  const bytes = (await trial.store.get(first))!;
  bytes[bytes.length - 1]! ^= 1;
  await trial.store.put(first, bytes);
  await trial.store.delete(second);
  expect(sorted(await trial.run("b2"))).toEqual(seeds);
  expect(trial.notes.filter((note) => note.includes("it is run again"))).toHaveLength(2);

  const lying = new Trial();
  lying.serve("a");
  const [one] = recorded.values();
  for (const [seed, rollout] of recorded) recorded.set(seed, { ...rollout, trajectory: one!.trajectory });
  try {
    await expect(lying.run()).rejects.toMatchObject({ code: "run_damaged" });
  } finally {
    await recordAgain();
  }
});

it("runs what only a record of other seeds stands for", async () => {
  const trial = new Trial();
  const rollouts = [recorded.get(5)!];
  const { bytes, root, pack } = packOf(spec, rollouts);
  await trial.store.put(pack.key, bytes);
  const common = {
    format: 1,
    spec,
    root,
    host: "x",
    worker: "x-1",
    numbers: "c",
    wallMs: 1,
    at: "",
  } as const;
  const record: ChunkRecord = { ...common, seeds: [[5, 1]], pack };
  // The first chunk of a batch is its first seed alone.
  const key = recordKey({ spec, seeds: [[0, 1]] });
  await trial.store.put(key, Buffer.from(JSON.stringify(record)));
  trial.serve("a");
  expect(sorted(await trial.run("b", seeds.slice(0, 4)))).toEqual(seeds.slice(0, 4));
  expect(trial.notes.join()).toContain("about other seeds (host x)");
});

it("runs nothing where only what is stored is asked for, and says what has no record", async () => {
  const trial = new Trial();
  trial.serve("a");
  await trial.run("b1", seeds.slice(0, 6));
  const before = trial.begun.length;
  expect(sorted(await trial.run("b2", seeds.slice(0, 6), { storedOnly: true }))).toEqual(seeds.slice(0, 6));
  await expect(trial.run("b3", seeds.slice(0, 8), { storedOnly: true })).rejects.toMatchObject({
    code: "fleet_disagrees",
    context: { seeds: [6, 7] },
  });
  expect(trial.begun).toHaveLength(before);
});

it("offers a straggler a second time where a lane is free; the first record counts", async () => {
  const trial = new Trial();
  const stuck = Promise.withResolvers<void>();
  let isStuck = false;
  trial.serve("a", async ({ seeds: own }) => {
    if (!isStuck && seedCount(own) >= 1 && trial.begun.length > 4) {
      isStuck = true;
      await stuck.promise;
    }
    return { root: "", host: "a" };
  });
  trial.serve("b");
  expect(sorted(await trial.run())).toEqual(seeds);
  expect(isStuck).toBe(true);
  stuck.resolve();
  const records: string[] = [];
  for await (const key of trial.store.list(recordsFolder(spec))) records.push(key);
  expect(new Set(records).size).toBe(records.length);
});

it("ends where somebody ended it from elsewhere", async () => {
  const trial = new Trial();
  trial.serve("a", async () => {
    if (trial.begun.length === 3) await trial.dispatcher.cancel("b");
    return { root: "", host: "a" };
  });
  await expect(trial.run()).rejects.toMatchObject({ code: "aborted" });
});

it("gives batches their shares by weight", async () => {
  const trial = new Trial();
  const order: string[] = [];
  const work: ChunkWork = async ({ batch }) => {
    order.push(batch);
    // Long enough that both have work in the queue whenever a lane is free, on a busy machine as well.
    await sleep(150);
    return { root: "", host: "a" };
  };
  trial.serve("a", work, 2);
  const heavy = trial.run("heavy", seeds.slice(0, 20), { weight: 3 });
  const light = trial.run("light", seeds.slice(20));
  await heavy;
  const share = order.filter((batch) => batch === "heavy").length / order.length;
  await light;
  expect(share).toBeGreaterThan(0.6);
});

/** A queue that stops to answer. */
class Away extends LocalDispatcher {
  isAway = false;
  override async view(): Promise<FleetView> {
    return await this.#unlessAway(async () => await super.view());
  }
  override async stateOf(hostClass: string, id: string): Promise<ChunkState> {
    return await this.#unlessAway(async () => await super.stateOf(hostClass, id));
  }
  async #unlessAway<T>(work: () => Promise<T>): Promise<T> {
    return await (this.isAway ? new Promise<T>(() => {}) : work());
  }
}

it("hands on what is done while the queue does not answer", async () => {
  const away = new Away();
  const trial = new Trial(away);
  const isAway = Promise.withResolvers<void>();
  trial.serve("a", async () => {
    await isAway.promise;
    return { root: "", host: "a" };
  });
  const three = seeds.slice(0, 3);
  const run = trial.run("b", three);
  await vi.waitFor(async () => expect((await away.view()).queues).toMatchObject({ c: { waiting: 2 } }));
  away.isAway = true;
  isAway.resolve();
  expect(sorted(await run)).toEqual(three);
});
