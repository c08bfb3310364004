import { rowKey } from "../model/branch.ts";
import type { Keep } from "../model/keep.ts";
import type { RecordedRollout, RolloutSummary } from "../model/rollout.ts";
import { toIndexed, type EntryPlace, type IndexedRow } from "./indexed-row.ts";
import { isKept } from "./kept.ts";
import { encodeRow, encodeSummary, type TrajectoryPlace } from "./row.ts";
import { syncedEntry, type EntryBatch, type SegmentAppender } from "./segment-appender.ts";
import type { SegmentFiles } from "./segment-files.ts";
import { encodeEntry, entryHeaderBytes, type EntryKind } from "./segment-format.ts";
import { packTrajectory, trajectoryAddress, type PackedTrajectory } from "./trajectory-payload.ts";

/** How much is written at once, where there is more than one rollout to write. */
const maxBatchBytes = 4 * 1024 * 1024;

/** A rollout whose bytes are ready, but for where they will lie. */
export interface PreparedRollout {
  readonly summary: RolloutSummary;
  readonly summaryJson: string;
  /** Undefined where it is not kept. */
  readonly trajectory: PackedTrajectory | undefined;
}

/**
 * Encodes and compresses a rollout.
 * @throws SameseedError `bad_argument` where it cannot be recorded.
 */
export function prepareRollout(
  { summary, trajectory }: RecordedRollout,
  keep: Keep = "full",
): PreparedRollout {
  const kept = isKept(keep, summary) ? packTrajectory(trajectory) : undefined;
  return { summary, summaryJson: encodeSummary(summary), trajectory: kept };
}

/** What a batch is built with. */
export interface BatchPlan {
  readonly appender: SegmentAppender;
  readonly files: SegmentFiles;
  readonly segmentBytes: number;
  /** Up to where the segment is on the disk, where it does not say so yet. */
  readonly synced: number | undefined;
  readonly isRecorded: (seed: number) => boolean;
  readonly find: (address: Buffer) => EntryPlace | undefined;
}

/** Some rollouts as one write. */
export interface BuiltBatch {
  /** Undefined if nothing has to be written. */
  readonly batch: EntryBatch | undefined;
  /** Up to where the batch states that the segment is on the disk, where it does. */
  readonly stated: number | undefined;
  /** For each rollout that was taken, whether the batch records it. */
  readonly results: readonly boolean[];
  readonly rows: readonly IndexedRow[];
  readonly trajectories: readonly { readonly address: Buffer; readonly place: EntryPlace }[];
}

/** Puts rollouts into one write, from the first on, as many as fit; undefined if the segment has no room for the first. */
export function buildBatch(items: readonly PreparedRollout[], plan: BatchPlan): BuiltBatch | undefined {
  const entries = new EntryList(plan.appender);
  const rows: IndexedRow[] = [];
  const trajectories = new Map<string, { readonly address: Buffer; readonly place: EntryPlace }>();
  const results: boolean[] = [];
  const seeds = new Set<number>();
  for (const { summary, summaryJson, trajectory } of items) {
    const seed = rowKey(summary);
    if (plan.isRecorded(seed) || seeds.has(seed)) {
      results.push(false);
      continue;
    }
    const bytes = (trajectory?.payloadBytes ?? 0) + summaryJson.length + 1024;
    if (rows.length > 0 && entries.bytes + bytes > maxBatchBytes) break;
    if (!entries.fits(bytes, plan.segmentBytes)) {
      if (rows.length === 0 && results.length === 0) return undefined;
      break;
    }
    if (rows.length === 0 && plan.synced !== undefined) entries.addSynced(plan.synced);
    const place = trajectory && placeOf(trajectory, { entries, trajectories, plan });
    const rowPlace = entries.add("row", [encodeRow(summaryJson, place)]);
    seeds.add(seed);
    rows.push(toIndexed(summary, rowPlace));
    results.push(true);
  }
  const stated = rows.length > 0 ? plan.synced : undefined;
  return { batch: entries.batch(), stated, results, rows, trajectories: [...trajectories.values()] };
}

interface Placing {
  readonly entries: EntryList;
  readonly trajectories: Map<string, { readonly address: Buffer; readonly place: EntryPlace }>;
  readonly plan: BatchPlan;
}

/** Where a trajectory lies; it is added where it is not there yet. */
function placeOf(trajectory: PackedTrajectory, { entries, trajectories, plan }: Placing): TrajectoryPlace {
  const address = trajectory.address.toString("hex");
  let place = trajectories.get(address)?.place ?? findIntact(trajectory.address, plan);
  if (place === undefined) {
    place = entries.add("trajectory", trajectory.payload);
    trajectories.set(address, { address: trajectory.address, place });
  }
  const { segment, offset } = place;
  return { segment, offset, address };
}

/** Where a trajectory already lies. The catalogue only says where to look. */
function findIntact(address: Buffer, plan: BatchPlan): EntryPlace | undefined {
  const place = plan.find(address);
  if (place === undefined) return undefined;
  try {
    return trajectoryAddress(plan.files.read(place, "trajectory"))?.equals(address) === true
      ? place
      : undefined;
  } catch {
    return undefined;
  }
}

/** Entries that will be written one after the other. */
class EntryList {
  readonly #appender: SegmentAppender;
  readonly #buffers: Buffer[] = [];
  #bytes = 0;
  #lastOffset = 0;
  #lastHeader: Buffer | undefined;

  constructor(appender: SegmentAppender) {
    this.#appender = appender;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** An empty segment takes a rollout of any size. */
  fits(bytes: number, segmentBytes: number): boolean {
    const used = this.#appender.offset + this.#bytes;
    return used + bytes <= segmentBytes || (this.#bytes === 0 && this.#appender.isEmpty);
  }

  addSynced(synced: number): void {
    const entry = syncedEntry(synced);
    this.add(entry.kind, entry.payload);
  }

  add(kind: EntryKind, payload: readonly Uint8Array[]): EntryPlace {
    const offset = this.#appender.offset + this.#bytes;
    const buffers = encodeEntry(this.#appender.key, offset, { kind, payload });
    for (const part of buffers) this.#bytes += part.length;
    this.#buffers.push(...buffers);
    this.#lastOffset = offset;
    this.#lastHeader = buffers[0];
    return { segment: this.#appender.segment, offset };
  }

  batch(): EntryBatch | undefined {
    if (this.#lastHeader === undefined) return undefined;
    const lastChecksum = this.#lastHeader.subarray(12, entryHeaderBytes);
    return { buffers: this.#buffers, bytes: this.#bytes, lastOffset: this.#lastOffset, lastChecksum };
  }
}
