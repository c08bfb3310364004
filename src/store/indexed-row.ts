import { crc32 } from "node:zlib";
import { rowKey } from "../model/branch.ts";
import { outcomes, type Outcome } from "../model/outcome.ts";
import type { RolloutSummary } from "../model/rollout.ts";

/** Where an entry lies. */
export interface EntryPlace {
  readonly segment: number;
  readonly offset: number;
}

/** What the catalogue knows of a rollout. */
export interface IndexedRow extends EntryPlace {
  /** The rollout's key in its run: its seed, or its number where it is a branch. */
  readonly seed: number;
  readonly outcome: Outcome;
  readonly steps: number;
  readonly totalReward: number;
  /** The play digest's 32 bytes. */
  readonly play: Buffer;
}

/** Up to where segments are indexed and on the disk, and by which entry to recognise them. */
export interface IndexPosition extends EntryPlace {
  /** The offset of the last entry before {@link offset}; 0 where the segment has none. */
  readonly lastOffset: number;
  /** That entry's checksum: 32 bytes, or none. */
  readonly lastChecksum: Buffer;
}

/** The position of a run of which nothing is indexed. */
export const startPosition: IndexPosition = {
  segment: 1,
  offset: 0,
  lastOffset: 0,
  lastChecksum: Buffer.alloc(0),
};

/** A row as the catalogue knows it. */
export function toIndexed(summary: RolloutSummary, place: EntryPlace): IndexedRow {
  const { outcome, steps, totalReward } = summary;
  const play = Buffer.from(summary.playDigest.slice("sha256:".length), "hex");
  return { ...place, seed: rowKey(summary), outcome, steps, totalReward, play };
}

/** Whether an entry lies before a position. */
export function isBefore(row: EntryPlace, position: EntryPlace): boolean {
  return row.segment < position.segment || (row.segment === position.segment && row.offset < position.offset);
}

/** A check value over everything in a row; the catalogue states the sum over all rows. */
export function checkOf(row: IndexedRow): number {
  const bytes = Buffer.alloc(76);
  bytes.writeDoubleLE(row.seed, 0);
  bytes.writeDoubleLE(row.segment, 8);
  bytes.writeDoubleLE(row.offset, 16);
  bytes.writeUInt32LE(outcomes.indexOf(row.outcome), 24);
  bytes.writeDoubleLE(row.steps, 28);
  bytes.writeDoubleLE(row.totalReward, 36);
  row.play.copy(bytes, 44);
  return crc32(bytes);
}
