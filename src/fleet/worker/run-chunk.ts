import { nowIso } from "../../base/clock.ts";
import type { Semaphore } from "../../base/semaphore.ts";
import { SameseedError } from "../../base/error.ts";
import type { Lanes } from "../../judge/lanes.ts";
import type { RecordedRollout } from "../../model/rollout.ts";
import { recordRollouts } from "../../rollout/record-rollouts.ts";
import { openHost } from "../../rollout/rollout-host.ts";
import type { ObjectStore } from "../../store/objects/object-store.ts";
import { type Chunk, chunkKey, seedsOf } from "../chunk.ts";
import { addOpinion, type ChunkRecord, commitChunk, readRecord, recordKey } from "../commit.ts";
import { decodeSpec, type FleetSpec, optionsOf } from "../fleet-spec.ts";
import { leafOf } from "../merkle.ts";
import { packFrame, packKey } from "../pack.ts";
import type { ChunkReport } from "../queue/dispatcher.ts";
import { Spool } from "../spool.ts";
import { decodeAnySpec, type WorkSpec } from "../work-spec.ts";
import { hostClassOf } from "./host-class.ts";
import type { ImageSupply } from "./image-supply.ts";
import { type Done, packDone, type PackedFile } from "./pack-done.ts";
import { patiently } from "../../store/objects/patience.ts";
import { PatientObjects } from "../../store/objects/patient-objects.ts";
import { doWork } from "./do-work.ts";

/** What a host runs chunks with. */
export interface ChunkPlace {
  readonly store: ObjectStore;
  readonly images: ImageSupply;
  /** Rollouts at the same time, of all lanes together. */
  readonly slots: number;
  readonly gate: Semaphore;
  /** The same gate for tests of completions, one of which may have to run alone. */
  readonly tests: Lanes;
  readonly host: string;
  readonly worker: string;
  readonly hostClass: string;
  /** Told a line at a time what a person wants to know. */
  readonly onLog: (line: string) => void;
  /** Changes what was run before it is written: how tests make a host that lies. */
  readonly tamper?: (rollout: RecordedRollout) => RecordedRollout;
}

/** Specs that were read lately, by hash: each is asked for by many chunks. */
const specs = new Map<string, Promise<FleetSpec | WorkSpec>>();
const specsMost = 32;

/**
 * Runs a chunk and writes what came of it: the pack first, the record last. A chunk that is done is not run again, unless to
 * be compared.
 * @throws as `recordRollouts`; `image_missing`, `io_failed`, `disk_full`, `world_unavailable`
 */
export async function runChunk(here: ChunkPlace, chunk: Chunk, signal: AbortSignal): Promise<ChunkReport> {
  // A store that is full or away is waited for by the lane, which takes nothing more meanwhile: one read that fails would have
  // the host refuse the chunk, and be given nothing more of the batch.
  const store = new PatientObjects(here.store, { signal, onLog: here.onLog });
  const place = { ...here, store };
  const { host, worker } = place;
  if (chunk.purpose !== "audit") {
    const before = await readRecord(store, recordKey(chunk));
    if (before !== undefined) return { root: before.root, host: before.host };
  }
  const startedAt = performance.now();
  using spool = new Spool();
  const { packed, numbers } = await runSeeds(place, chunk, signal, spool);
  const { root } = packed;
  const pack = { key: packKey(chunk.spec, packed.digest), digest: packed.digest, bytes: packed.bytes };
  const own = { format: 1, spec: chunk.spec, seeds: chunk.seeds, root, host, worker } as const;
  const wallMs = Math.round(performance.now() - startedAt);
  const record: ChunkRecord = { ...own, pack, numbers, wallMs, at: nowIso() };
  await hand(place, chunk, record, packed);
  return { root, host };
}

/** Writes what came of a chunk; writing it again does no harm. */
async function hand(
  { store }: ChunkPlace,
  chunk: Chunk,
  record: ChunkRecord,
  { path }: PackedFile,
): Promise<void> {
  const { spec, seeds, root, pack, host, worker } = record;
  const own = { format: 1, spec, seeds, root, host, worker } as const;
  if (chunk.purpose === "audit") {
    const before = await readRecord(store, recordKey(chunk));
    const differs = before !== undefined && before.root !== root;
    if (differs) await store.putFile(pack.key, path);
    await addOpinion(store, { ...own, why: "audit", ...(differs ? { pack } : {}) });
    return;
  }
  await store.putFile(pack.key, path);
  const before = await commitChunk(store, record);
  // Its own record is there where a try before this one wrote it and heard nothing.
  if (before === undefined || (before.worker === worker && before.root === root)) return;
  const differs = before.root !== root;
  if (!differs && before.pack.key !== pack.key) await store.delete(pack.key);
  const why = chunk.purpose === "hedge" ? "hedge" : "lease";
  await addOpinion(store, { ...own, why, ...(differs ? { pack } : {}) });
}

interface Ran {
  readonly packed: PackedFile;
  /** The class of this host for the image that ran. */
  readonly numbers: string;
}

async function runSeeds(place: ChunkPlace, chunk: Chunk, signal: AbortSignal, spool: Spool): Promise<Ran> {
  const spec = await readSpec(place.store, chunk.spec);
  if (spec.hostClass !== place.hostClass)
    throw new SameseedError(
      "world_unavailable",
      `this host is of class ${place.hostClass}, not ${spec.hostClass}`,
    );
  for (const image of "kind" in spec ? Object.values(spec.images) : [spec.image])
    // As a whole: an image needs room on this host as well.
    await patiently(async () => await place.images.ensure(image, signal), { signal, onLog: place.onLog });
  const { all, numbers } =
    "kind" in spec
      ? { all: doWork(place, spec, chunk, signal), numbers: place.hostClass }
      : await rolloutsOf(place, spec, chunk, signal);
  const packed = await packDone(spool, [...seedsOf(chunk.seeds)], all);
  if (packed === undefined)
    throw new SameseedError("internal", `chunk ${chunkKey(chunk.spec, chunk.seeds)} came out incomplete`);
  return { packed, numbers };
}

async function rolloutsOf(
  place: ChunkPlace,
  spec: FleetSpec,
  chunk: Chunk,
  signal: AbortSignal,
): Promise<{ readonly all: AsyncIterable<Done>; readonly numbers: string }> {
  const options = optionsOf(spec);
  const host = await openHost(options);
  const seeds = [...seedsOf(chunk.seeds)];
  const how = { host, concurrency: Math.min(place.slots, seeds.length), gate: place.gate, signal };
  const rollouts = recordRollouts(options, seeds, how);
  return { all: packed(place, chunk.spec, rollouts), numbers: hostClassOf(host.receipt) };
}

async function* packed(
  { tamper }: ChunkPlace,
  spec: string,
  rollouts: AsyncIterable<RecordedRollout>,
): AsyncGenerator<Done, void, undefined> {
  for await (const own of rollouts) {
    const rollout = tamper === undefined ? own : tamper(own);
    const { summary } = rollout;
    yield { seed: summary.seed, frame: packFrame(rollout), leaf: leafOf(spec, summary) };
  }
}

async function readSpec(store: ObjectStore, hash: string): Promise<FleetSpec | WorkSpec> {
  const known = specs.get(hash);
  if (known !== undefined) return await known;
  const reading = fetchBytes(store, hash).then((bytes) => decodeAnySpec(bytes, hash));
  specs.set(hash, reading);
  reading.catch(() => specs.delete(hash));
  for (const old of specs.keys()) {
    if (specs.size <= specsMost) break;
    specs.delete(old);
  }
  return await reading;
}

/** A spec of rollouts out of a store. @throws `io_failed`; `protocol_broken` where it is not there, or not of this version */
export async function fetchSpec(store: ObjectStore, hash: string): Promise<FleetSpec> {
  return decodeSpec(await fetchBytes(store, hash), hash);
}

async function fetchBytes(store: ObjectStore, hash: string): Promise<Buffer> {
  const bytes = await store.get(specKey(hash));
  if (bytes !== undefined) return bytes;
  // Whoever offers a chunk has put its spec there before: this is another store, and waiting does not make it the same.
  throw new SameseedError("protocol_broken", `${store.url} does not have the spec ${hash.slice(0, 12)}`, {
    hint: "name the same store on every host of the fleet, and with --store",
    context: { store: store.url },
  });
}

/** Where a spec is. */
export function specKey(hash: string): string {
  return `specs/${hash}.json`;
}
