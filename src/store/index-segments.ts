import { closeSync } from "node:fs";
import { setImmediate as yieldToLoop } from "node:timers/promises";
import {
  startPosition,
  toIndexed,
  type EntryPlace,
  type IndexedRow,
  type IndexPosition,
} from "./indexed-row.ts";
import { decodeRow } from "./row.ts";
import { damagedEntry, type SegmentFiles } from "./segment-files.ts";
import { decodeSynced, segmentHeaderBytes } from "./segment-format.ts";
import { scanEntries, syncedUpTo, type ScannedEntry, type SegmentView } from "./segment-scan.ts";
import { runDamaged } from "./store-error.ts";
import { trajectoryAddress } from "./trajectory-payload.ts";

/** What segments are indexed into. */
export interface RowIndex {
  /** Up to where they are indexed. */
  readonly position: IndexPosition;
  /** False where the row's seed is indexed already. */
  addRow(row: IndexedRow): boolean;
  addTrajectory(address: Buffer, place: EntryPlace): void;
}

/** How far the segments are intact. */
export interface IntactEnd extends IndexPosition {
  /** The last segment's size; what lies between {@link offset} and it is a torn tail. */
  readonly fileBytes: number;
}

/** How many entries are read between two turns of the event loop. */
const entriesPerTurn = 256;

/** Whether the segments still are those the catalogue was made from, up to its position. */
export function positionHolds(files: SegmentFiles, position: IndexPosition, segments: number): boolean {
  if (position.segment > segments || position.offset === 0) return position.offset === 0;
  try {
    const view = files.view(position.segment);
    closeSync(view.file);
    if (view.header === "torn" || view.bytes < position.offset) return false;
    if (position.lastChecksum.length === 0) return position.offset === segmentHeaderBytes;
    return files.states({ segment: position.segment, offset: position.lastOffset }, position.lastChecksum);
  } catch {
    return false;
  }
}

/**
 * Indexes everything beyond the catalogue's position and says where the intact entries end.
 * @throws SameseedError `run_damaged` where bytes that were once on the disk cannot be read, or a row is none.
 */
export async function indexSegments(
  files: SegmentFiles,
  catalogue: RowIndex,
  segments: number,
): Promise<IntactEnd> {
  let end: IntactEnd = { ...catalogue.position, fileBytes: 0 };
  for (let number = catalogue.position.segment; number <= segments; number++) {
    const from = number === catalogue.position.segment ? catalogue.position : startPosition;
    end = await indexSegment(files, catalogue, { number, from, isLast: number === segments });
  }
  return end;
}

async function indexSegment(
  files: SegmentFiles,
  catalogue: RowIndex,
  {
    number,
    from,
    isLast,
  }: { readonly number: number; readonly from: IndexPosition; readonly isLast: boolean },
): Promise<IntactEnd> {
  const path = files.path(number);
  const view = files.view(number);
  try {
    if (view.header === "torn") {
      if (isLast) return { ...startPosition, segment: number, fileBytes: view.bytes };
      throw runDamaged(path, "its header is not whole", { segment: number, offset: 0 });
    }
    const scan = scanEntries(view, Math.max(from.offset, segmentHeaderBytes));
    let last: ScannedEntry | undefined;
    let read = 0;
    let next = scan.next();
    for (; next.done !== true; next = scan.next()) {
      last = next.value;
      if (!indexEntry(catalogue, number, last))
        throw damagedEntry(path, { segment: number, offset: last.offset }, last.kind);
      if (++read % entriesPerTurn === 0) await yieldToLoop();
    }
    const offset = next.value;
    if (isLast ? syncedUpTo(view, offset) > offset : !isFinished(view, offset, last)) {
      throw damagedEntry(path, { segment: number, offset }, "entry");
    }
    return {
      segment: number,
      offset,
      lastOffset: last?.offset ?? from.lastOffset,
      lastChecksum: last?.checksum ?? from.lastChecksum,
      fileBytes: view.bytes,
    };
  } finally {
    closeSync(view.file);
  }
}

/** A segment that another follows was written to its end, which its last entry states. */
function isFinished(view: SegmentView, offset: number, last: ScannedEntry | undefined): boolean {
  if (offset !== view.bytes) return false;
  // Nothing read: the position was after the last entry, which was checked when it was indexed.
  return last === undefined || (last.kind === "synced" && decodeSynced(last.payload) === last.offset);
}

/** Indexes one entry; false where its content is not of format 2, or its seed was recorded before. */
function indexEntry(catalogue: RowIndex, segment: number, entry: ScannedEntry): boolean {
  const { offset } = entry;
  if (entry.kind === "synced") return true;
  if (entry.kind === "trajectory") {
    const address = trajectoryAddress(entry.payload);
    if (address !== undefined) catalogue.addTrajectory(address, { segment, offset });
    return address !== undefined;
  }
  const row = decodeRow(entry.payload);
  if (row === undefined) return false;
  return catalogue.addRow(toIndexed(row.summary, { segment, offset }));
}
