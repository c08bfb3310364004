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
  /** Null where it is not one number: the row itself has it. */
  readonly totalReward: number | null;
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
  const reward = typeof totalReward === "number" ? totalReward : null;
  return { ...place, seed: rowKey(summary), outcome, steps, totalReward: reward, play };
}

/** A NaN that no arithmetic makes. */
const noNumber = Buffer.from("000053530100f87f", "hex");

/** A sum of rewards as the catalogue's eight bytes. */
export function rewardBytes(reward: number | null): Buffer {
  if (reward === null) return Buffer.from(noNumber);
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(reward);
  return bytes;
}

/** Reads back what {@link rewardBytes} wrote. */
export function rewardFrom(bytes: Buffer): number | null {
  return bytes.equals(noNumber) ? null : bytes.readDoubleLE();
}

/** Whether an entry lies before a position. */
export function isBefore(row: EntryPlace, position: EntryPlace): boolean {
  return row.segment < position.segment || (row.segment === position.segment && row.offset < position.offset);
}

const checked = Buffer.alloc(76);

/** A check value over everything in a row; the catalogue states the sum over all rows. */
export function checkOf({ seed, segment, offset, outcome, steps, totalReward, play }: IndexedRow): number {
  checked.writeDoubleLE(seed, 0);
  checked.writeDoubleLE(segment, 8);
  checked.writeDoubleLE(offset, 16);
  checked.writeUInt32LE(outcomes.indexOf(outcome), 24);
  checked.writeDoubleLE(steps, 28);
  if (totalReward === null) noNumber.copy(checked, 36);
  else checked.writeDoubleLE(totalReward, 36);
  play.copy(checked, 44);
  return crc32(checked);
}
