import { closeSync } from "node:fs";
import type { EntryPlace } from "./indexed-row.ts";
import { openRegular, readAt, segmentPath, type RunPaths } from "./run-folder.ts";
import {
  claimedVersion,
  decodeEntryHeader,
  encodeSegmentHeader,
  entryHasher,
  entryHeaderBytes,
  segmentHeaderBytes,
  segmentKey,
  type EntryKind,
} from "./segment-format.ts";
import type { SegmentView } from "./segment-scan.ts";
import { otherFormat, runDamaged, storeError } from "./store-error.ts";

/** How many segments are kept open at a time. */
const maxOpen = 16;

/** Whether a segment's header is there: `torn` where a crash came before it was written whole. */
export type HeaderState = "whole" | "torn";

/** The segments of a run, opened for reading when they are needed. */
export class SegmentFiles {
  readonly #paths: RunPaths;
  readonly #runId: string;
  readonly #open = new Map<number, SegmentView>();

  constructor(paths: RunPaths, runId: string) {
    this.#paths = paths;
    this.#runId = runId;
  }

  /** The path of segment `number`, for messages. */
  path(number: number): string {
    return segmentPath(this.#paths, number);
  }

  /**
   * Opens segment `number` as it is now, outside the files that are kept open; the caller closes it.
   * @throws SameseedError `run_damaged` where it is not a segment of this run.
   */
  view(number: number): SegmentView & { readonly header: HeaderState } {
    const path = this.path(number);
    const { file, bytes } = openRegular(path);
    try {
      const expected = encodeSegmentHeader(this.#runId, number);
      const header = Buffer.alloc(segmentHeaderBytes);
      const got = header.subarray(0, readAt(file, header, 0));
      const key = segmentKey(this.#runId, number);
      if (got.equals(expected)) return { file, key, bytes, header: "whole" };
      if (bytes < segmentHeaderBytes) return { file, key, bytes, header: "torn" };
      const version = claimedVersion(got);
      if (version !== undefined && version > 1) throw otherFormat(path, version, 1);
      throw runDamaged(path, `its header is not that of segment ${number} of this run`, { offset: 0 });
    } catch (error) {
      closeSync(file);
      throw storeError(error, "reading", path);
    }
  }

  /**
   * Reads the payload of the entry at `place` and checks it.
   * @throws SameseedError `run_damaged` naming segment and offset where it is not an intact entry of that kind.
   */
  read(place: EntryPlace, kind: EntryKind): Buffer {
    const view = this.#viewed(place.segment);
    const { offset } = place;
    const damaged = (): Error => damagedEntry(this.path(place.segment), place, kind);
    try {
      const head = Buffer.alloc(entryHeaderBytes);
      if (readAt(view.file, head, offset) < head.length) throw damaged();
      const header = decodeEntryHeader(head);
      // The file's size is asked for anew by reading: a length beyond it must not reserve memory.
      if (header?.kind !== kind || !this.#reaches(place, entryHeaderBytes + header.payloadBytes))
        throw damaged();
      const payload = Buffer.alloc(header.payloadBytes);
      if (readAt(view.file, payload, offset + entryHeaderBytes) < payload.length) throw damaged();
      const hasher = entryHasher(view.key, offset, header.plain);
      hasher.update(payload);
      if (!hasher.digest().equals(header.checksum)) throw damaged();
      return payload;
    } catch (error) {
      throw storeError(error, "reading", this.path(place.segment));
    }
  }

  /** Whether the entry at `place` states this checksum. */
  states(place: EntryPlace, checksum: Buffer): boolean {
    const head = Buffer.alloc(entryHeaderBytes);
    readAt(this.#viewed(place.segment).file, head, place.offset);
    return decodeEntryHeader(head)?.checksum.equals(checksum) === true;
  }

  /** Closes what is kept open; the next read opens anew. */
  close(): void {
    for (const view of this.#open.values()) closeSync(view.file);
    this.#open.clear();
  }

  #reaches(place: EntryPlace, length: number): boolean {
    const last = Buffer.alloc(1);
    return readAt(this.#viewed(place.segment).file, last, place.offset + length - 1) === 1;
  }

  #viewed(number: number): SegmentView {
    const known = this.#open.get(number);
    if (known !== undefined) return known;
    const view = this.view(number);
    if (view.header === "torn") {
      closeSync(view.file);
      throw runDamaged(this.path(number), "its header is not whole", { segment: number, offset: 0 });
    }
    const [oldest] = this.#open;
    if (this.#open.size >= maxOpen && oldest !== undefined) {
      closeSync(oldest[1].file);
      this.#open.delete(oldest[0]);
    }
    this.#open.set(number, view);
    return view;
  }
}

/** The error for an entry that is not what the run says it is. */
export function damagedEntry(path: string, place: EntryPlace, what: string): Error {
  return runDamaged(path, `there is no intact ${what} at offset ${place.offset}`, {
    segment: place.segment,
    offset: place.offset,
  });
}
