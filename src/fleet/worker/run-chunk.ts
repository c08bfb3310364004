import { nowIso } from "../../base/clock.ts";
import type { Semaphore } from "../../base/semaphore.ts";
import { SameseedError } from "../../base/error.ts";
import type { RecordedRollout } from "../../model/rollout.ts";
import { recordRollouts } from "../../rollout/record-rollouts.ts";
import { openHost } from "../../rollout/rollout-host.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import { type Chunk, chunkKey, seedsOf } from "../chunk.ts";
import { addOpinion, type ChunkRecord, commitChunk, readRecord, recordKey } from "../commit.ts";
import { decodeSpec, type FleetSpec, optionsOf } from "../fleet-spec.ts";
import { leafOf, merkleRoot } from "../merkle.ts";
import { encodePack, packName } from "../pack.ts";
import type { ChunkReport } from "../queue/dispatcher.ts";
import { hostClassOf } from "./host-class.ts";
import type { ImageSupply } from "./image-supply.ts";

/** What a host runs chunks with. */
export interface ChunkPlace {
  readonly store: ObjectStore;
  readonly images: ImageSupply;
  /** Rollouts at the same time, of all lanes together. */
  readonly slots: number;
  readonly gate: Semaphore;
  readonly host: string;
  readonly worker: string;
  readonly hostClass: string;
  /** Changes what was run before it is written: how tests make a host that lies. */
  readonly tamper?: (rollouts: RecordedRollout[]) => RecordedRollout[];
}

/** Specs that were read lately, by hash: each is asked for by many chunks. */
const specs = new Map<string, Promise<FleetSpec>>();
const specsMost = 32;

/**
 * Runs a chunk and writes what came of it: the pack first, the record last. A chunk that is done is not run again, unless to
 * be compared.
 * @throws as `recordRollouts`; `image_missing`, `io_failed`, `disk_full`, `world_unavailable`
 */
export async function runChunk(place: ChunkPlace, chunk: Chunk, signal: AbortSignal): Promise<ChunkReport> {
  const { store, host, worker } = place;
  if (chunk.purpose !== "audit") {
    const before = await readRecord(store, recordKey(chunk));
    if (before !== undefined) return { root: before.root, host: before.host };
  }
  const startedAt = performance.now();
  const { rollouts, numbers } = await runSeeds(place, chunk, signal);
  const root = merkleRoot(rollouts.map(({ summary }) => leafOf(chunk.spec, summary)));
  const pack = encodePack(rollouts);
  const named = { ...packName(chunk.spec, pack), bytes: pack.length };
  const own = { format: 1, spec: chunk.spec, seeds: chunk.seeds, root, host, worker } as const;
  const wallMs = Math.round(performance.now() - startedAt);
  if (chunk.purpose === "audit") {
    const record = await readRecord(store, recordKey(chunk));
    const differs = record !== undefined && record.root !== root;
    if (differs) await store.put(named.key, pack);
    await addOpinion(store, { ...own, why: "audit", ...(differs ? { pack: named } : {}) });
    return { root, host };
  }
  await store.put(named.key, pack);
  const record: ChunkRecord = { ...own, pack: named, numbers, wallMs, at: nowIso() };
  const before = await commitChunk(store, record);
  if (before === undefined) return { root, host };
  const differs = before.root !== root;
  if (!differs && before.pack.key !== named.key) await store.delete(named.key);
  const why = chunk.purpose === "hedge" ? "hedge" : "lease";
  await addOpinion(store, { ...own, why, ...(differs ? { pack: named } : {}) });
  return { root, host };
}

interface Ran {
  readonly rollouts: RecordedRollout[];
  /** The class of this host for the image that ran. */
  readonly numbers: string;
}

async function runSeeds(place: ChunkPlace, chunk: Chunk, signal: AbortSignal): Promise<Ran> {
  const spec = await readSpec(place.store, chunk.spec);
  await place.images.ensure(spec.image, signal);
  const options = optionsOf(spec);
  const host = await openHost(options);
  if (spec.hostClass !== place.hostClass)
    throw new SameseedError(
      "world_unavailable",
      `this host is of class ${place.hostClass}, not ${spec.hostClass}`,
    );
  const seeds = [...seedsOf(chunk.seeds)];
  const rollouts: RecordedRollout[] = [];
  const how = { host, concurrency: Math.min(place.slots, seeds.length), gate: place.gate, signal };
  for await (const rollout of recordRollouts(options, seeds, how)) rollouts.push(rollout);
  const bySeed = new Map(rollouts.map((rollout) => [rollout.summary.seed, rollout]));
  if (bySeed.size !== seeds.length)
    throw new SameseedError("internal", `chunk ${chunkKey(chunk.spec, chunk.seeds)} came out incomplete`);
  const inOrder = seeds.map((seed) => bySeed.get(seed)!);
  const numbers = hostClassOf(host.receipt);
  return { rollouts: place.tamper === undefined ? inOrder : place.tamper(inOrder), numbers };
}

async function readSpec(store: ObjectStore, hash: string): Promise<FleetSpec> {
  const known = specs.get(hash);
  if (known !== undefined) return await known;
  const reading = fetchSpec(store, hash);
  specs.set(hash, reading);
  reading.catch(() => specs.delete(hash));
  for (const old of specs.keys()) {
    if (specs.size <= specsMost) break;
    specs.delete(old);
  }
  return await reading;
}

async function fetchSpec(store: ObjectStore, hash: string): Promise<FleetSpec> {
  const bytes = await store.get(specKey(hash));
  if (bytes !== undefined) return decodeSpec(bytes, hash);
  throw new SameseedError("io_failed", `the fleet's store does not have the spec ${hash.slice(0, 12)}`, {
    hint: "name the same store on every host of the fleet",
  });
}

/** Where a spec is. */
export function specKey(hash: string): string {
  return `specs/${hash}.json`;
}
