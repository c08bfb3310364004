/*
 * How the chunks of a batch are made, followed and given up. The queue is the one within this process and the store a folder;
 * the hosts' work is to hand over rollouts that were recorded once, and whatever the test has go wrong.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";

import { SameseedError } from "../../src/base/error.ts";
import { seedCount, seedsOf } from "../../src/fleet/chunk.ts";
import { type ChunkRecord, commitChunk, recordKey, recordsFolder } from "../../src/fleet/commit.ts";
import { FleetBatch } from "../../src/fleet/drive/fleet-batch.ts";
import { leafOf, merkleRoot } from "../../src/fleet/merkle.ts";
import { encodePack, packName } from "../../src/fleet/pack.ts";
import type { ChunkWork } from "../../src/fleet/queue/dispatcher.ts";
import { LocalDispatcher } from "../../src/fleet/queue/local-dispatcher.ts";
import type { RecordedRollout } from "../../src/model/rollout.ts";
import { recordRollouts } from "../../src/rollout/record-rollouts.ts";
import { resolveOptions } from "../../src/rollout/rollout-config.ts";
import { closeSandboxes } from "../../src/sandbox/sandbox-host.ts";
import { FolderObjects } from "../../src/store/objects/folder-objects.ts";

const folder = mkdtempSync(join(tmpdir(), "sameseed-batch-"));
const spec = "5".repeat(64);
const seeds = Array.from({ length: 40 }, (_, at) => at);
const recorded = new Map<number, RecordedRollout>();

beforeAll(async () => {
  const options = resolveOptions({ envName: "CartPole-v1", maxSteps: 2 });
  for await (const rollout of recordRollouts(options, seeds, {})) recorded.set(rollout.summary.seed, rollout);
});
afterAll(async () => {
  await closeSandboxes();
  rmSync(folder, { recursive: true, force: true });
});

let places = 0;

/** One batch at a queue of its own. */
class Trial {
  readonly store = new FolderObjects(join(folder, String(++places)));
  readonly dispatcher = new LocalDispatcher();
  readonly notes: string[] = [];
  /** The seeds of each chunk that was begun, in order. */
  readonly begun: number[][] = [];

  /** A host that does what is asked of it. @param before what it does first */
  serve(host: string, before: ChunkWork = async () => ({ root: "", host }), lanes = 1): void {
    const note = { id: `${host}-1`, host, hostClass: "c", lanes, slots: 1, store: "", version: "1" };
    this.dispatcher.serve({
      note,
      images: () => [],
      work: async (chunk, signal) => {
        const own = [...seedsOf(chunk.seeds)];
        this.begun.push(own);
        await before(chunk, signal);
        const rollouts = own.map((seed) => recorded.get(seed)!);
        const root = merkleRoot(rollouts.map(({ summary }) => leafOf(spec, summary)));
        const pack = encodePack(rollouts);
        const named = { ...packName(spec, pack), bytes: pack.length };
        await this.store.put(named.key, pack);
        const common = { format: 1, spec, seeds: chunk.seeds, root, host, worker: `${host}-1` } as const;
        await commitChunk(this.store, { ...common, pack: named, numbers: "c", wallMs: own.length, at: "" });
        return { root, host };
      },
    });
  }

  async run(id = "b", wanted: readonly number[] = seeds, weight = 1, storedOnly = false): Promise<number[]> {
    const found: number[] = [];
    const batch = new FleetBatch(
      {
        id,
        title: "",
        spec,
        hostClass: "c",
        store: this.store,
        dispatcher: this.dispatcher,
        weight,
        priority: 0,
        share: 0,
        storedOnly,
        onView: () => {},
        supplyImage: async () => {},
        onNote: (line) => this.notes.push(line),
      },
      wanted,
    );
    for await (const { summary, trajectory } of batch.run(new AbortController().signal)) {
      expect(Buffer.from(trajectory).equals(recorded.get(summary.seed)!.trajectory)).toBe(true);
      found.push(summary.seed);
    }
    return found;
  }
}

const sorted = (list: readonly number[]): number[] => list.toSorted((a, b) => a - b);

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
    const options = resolveOptions({ envName: "CartPole-v1", maxSteps: 2 });
    for await (const rollout of recordRollouts(options, seeds, {}))
      recorded.set(rollout.summary.seed, rollout);
  }
});

it("runs what only a record of other seeds stands for", async () => {
  const trial = new Trial();
  const rollouts = [recorded.get(5)!];
  const pack = encodePack(rollouts);
  const named = { ...packName(spec, pack), bytes: pack.length };
  await trial.store.put(named.key, pack);
  const root = merkleRoot(rollouts.map(({ summary }) => leafOf(spec, summary)));
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
  const record: ChunkRecord = { ...common, seeds: [[5, 1]], pack: named };
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
  expect(sorted(await trial.run("b2", seeds.slice(0, 6), 1, true))).toEqual(seeds.slice(0, 6));
  await expect(trial.run("b3", seeds.slice(0, 8), 1, true)).rejects.toMatchObject({
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
    await sleep(40);
    return { root: "", host: "a" };
  };
  trial.serve("a", work, 2);
  const heavy = trial.run("heavy", seeds.slice(0, 20), 3);
  const light = trial.run("light", seeds.slice(20), 1);
  await heavy;
  const share = order.filter((batch) => batch === "heavy").length / order.length;
  await light;
  expect(share).toBeGreaterThan(0.6);
});
