import { readAt } from "./run-folder.ts";
import {
  decodeEntryHeader,
  decodeSynced,
  entryHasher,
  entryHeaderBytes,
  syncedPattern,
  type EntryHeader,
  type EntryKind,
} from "./segment-format.ts";
import { trajectoryPrefixBytes } from "./trajectory-payload.ts";

/** One intact entry. */
export interface ScannedEntry {
  readonly kind: EntryKind;
  readonly offset: number;
  /** Header and payload together. */
  readonly bytes: number;
  /** The payload; of a trajectory only the prefix, because it may be large. */
  readonly payload: Buffer;
  readonly checksum: Buffer;
}

/** An open segment, and how much of it to look at. */
export interface SegmentView {
  readonly file: number;
  readonly key: Buffer;
  /** The file's size when it was opened: a writer may have gone on since. */
  readonly bytes: number;
}

const windowBytes = 1024 * 1024;

/** Reads the intact entries from `start` on, checking every byte, up to the first that is not or the end. */
export function* scanEntries(view: SegmentView, start: number): Generator<ScannedEntry, number> {
  const window = new Window(view);
  let offset = start;
  for (;;) {
    const header = decodeEntryHeader(window.at(offset, entryHeaderBytes));
    if (header === undefined) return offset;
    const payload = readPayload(window, view, { offset, header });
    if (payload === undefined) return offset;
    const bytes = entryHeaderBytes + header.payloadBytes;
    yield { kind: header.kind, offset, bytes, payload, checksum: header.checksum };
    offset += bytes;
  }
}

/**
 * Up to which offset the segment is known to have been on the disk, by the `synced` entries from `start` on;
 * 0 where there is none. They are searched for byte by byte, because what lies before them may be unreadable.
 */
export function syncedUpTo(view: SegmentView, start: number): number {
  const search = new Window(view);
  const check = new Window(view);
  const pattern = syncedPattern();
  let synced = 0;
  let from = start;
  while (from + pattern.length <= view.bytes) {
    const bytes = search.at(from, Math.min(windowBytes, view.bytes - from));
    if (bytes.length < pattern.length) break;
    for (let hit = bytes.indexOf(pattern); hit !== -1; hit = bytes.indexOf(pattern, hit + 1)) {
      synced = Math.max(synced, readSynced(check, view, from + hit));
    }
    from += bytes.length - pattern.length + 1;
  }
  return synced;
}

function readSynced(window: Window, view: SegmentView, offset: number): number {
  const header = decodeEntryHeader(window.at(offset, entryHeaderBytes));
  const payload = header && readPayload(window, view, { offset, header });
  return payload === undefined ? 0 : decodeSynced(payload);
}

function readPayload(
  window: Window,
  view: SegmentView,
  { offset, header }: { readonly offset: number; readonly header: EntryHeader },
): Buffer | undefined {
  const start = offset + entryHeaderBytes;
  if (start + header.payloadBytes > view.bytes) return undefined;
  const hasher = entryHasher(view.key, offset, header.plain);
  const keptBytes =
    header.kind === "trajectory" ? Math.min(trajectoryPrefixBytes, header.payloadBytes) : header.payloadBytes;
  const kept = Buffer.alloc(keptBytes);
  for (let done = 0; done < header.payloadBytes;) {
    const part = window.at(start + done, Math.min(windowBytes, header.payloadBytes - done));
    if (part.length === 0) return undefined;
    hasher.update(part);
    if (done < keptBytes) part.copy(kept, done);
    done += part.length;
  }
  return hasher.digest().equals(header.checksum) ? kept : undefined;
}

/** A file read forward in large pieces and handed out in small ones. */
class Window {
  readonly #view: SegmentView;
  readonly #buffer: Buffer = Buffer.allocUnsafe(windowBytes * 2);
  #start = 0;
  #held = 0;

  constructor(view: SegmentView) {
    this.#view = view;
  }

  /** Up to `length` bytes at `offset`, fewer at the end of the file; valid until the next call. */
  at(offset: number, length: number): Buffer {
    const inside = offset - this.#start;
    if (inside < 0 || inside + length > this.#held) {
      const wanted = Math.max(0, Math.min(this.#buffer.length, this.#view.bytes - offset));
      this.#start = offset;
      this.#held = readAt(this.#view.file, this.#buffer.subarray(0, wanted), offset);
    }
    const from = offset - this.#start;
    return this.#buffer.subarray(from, Math.min(from + length, this.#held));
  }
}
