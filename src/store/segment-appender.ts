import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { syncFolder } from "../base/atomic-file.ts";
import type { IndexPosition } from "./indexed-row.ts";
import { segmentPath, type RunPaths } from "./run-folder.ts";
import {
  encodeEntry,
  encodeSegmentHeader,
  encodeSynced,
  entryHeaderBytes,
  segmentHeaderBytes,
  segmentKey,
} from "./segment-format.ts";
import { storeError } from "./store-error.ts";

/** Entries to append: {@link encodeEntry}'s buffers, made for the appender's offset. */
export interface EntryBatch {
  readonly buffers: readonly Uint8Array[];
  readonly bytes: number;
  /** Where the batch's last entry begins, and its checksum. */
  readonly lastOffset: number;
  readonly lastChecksum: Buffer;
}

/** The end of a run's last segment, where entries are added. One operation at a time, `sync` excepted. */
export class SegmentAppender {
  readonly #paths: RunPaths;
  readonly #runId: string;
  #handle: FileHandle;
  #end: IndexPosition;
  #key: Buffer;

  private constructor(
    paths: RunPaths,
    runId: string,
    opened: { readonly handle: FileHandle; readonly end: IndexPosition },
  ) {
    this.#paths = paths;
    this.#runId = runId;
    this.#handle = opened.handle;
    this.#end = opened.end;
    this.#key = segmentKey(runId, opened.end.segment);
  }

  /**
   * Goes on at `end`, cutting off what lies after it; an offset of 0 begins the segment anew.
   * @throws SameseedError `disk_full` or `io_failed`.
   */
  static async open(paths: RunPaths, runId: string, end: IndexPosition): Promise<SegmentAppender> {
    if (end.offset === 0) return new SegmentAppender(paths, runId, await begin(paths, runId, end.segment));
    const path = segmentPath(paths, end.segment);
    const handle = await open(path, constants.O_RDWR | constants.O_NOFOLLOW).catch((error: unknown) => {
      throw storeError(error, "opening", path);
    });
    const appender = new SegmentAppender(paths, runId, { handle, end });
    await appender.#try(async () => {
      await handle.truncate(end.offset);
      await handle.datasync();
    });
    return appender;
  }

  /** The segment's number. */
  get segment(): number {
    return this.#end.segment;
  }

  /** Where the next entry will begin. */
  get offset(): number {
    return this.#end.offset;
  }

  /** Whether the segment has no entries. */
  get isEmpty(): boolean {
    return this.#end.offset === segmentHeaderBytes;
  }

  /** What the next entry's checksum is made with. */
  get key(): Buffer {
    return this.#key;
  }

  /** The position after the last entry. */
  get end(): IndexPosition {
    return this.#end;
  }

  /**
   * Appends entries. When this returns they survive the end of this process, but not yet a power loss.
   * @throws SameseedError `disk_full` or `io_failed`; nothing of the batch is left in the file then.
   */
  async append(batch: EntryBatch): Promise<void> {
    const { offset, segment } = this.#end;
    await this.#try(async () => {
      try {
        await writeAll(this.#handle, batch.buffers, offset);
      } catch (error) {
        await this.#handle.truncate(offset);
        throw error;
      }
    });
    const { lastOffset, lastChecksum } = batch;
    this.#end = { segment, offset: offset + batch.bytes, lastOffset, lastChecksum };
  }

  /**
   * Waits until everything appended before the call is on the disk, and returns the position after it.
   * @throws SameseedError `disk_full` or `io_failed`.
   */
  async sync(): Promise<IndexPosition> {
    const end = this.#end;
    await this.#try(() => this.#handle.datasync());
    return end;
  }

  /** Syncs, states so in the segment, and syncs that: all damage up to here will be told from a torn tail. */
  async seal(): Promise<void> {
    const { offset } = await this.sync();
    const buffers = encodeEntry(this.#key, offset, syncedEntry(offset));
    const bytes = buffers.reduce((sum, part) => sum + part.length, 0);
    const lastChecksum = buffers[0]?.subarray(12, entryHeaderBytes) ?? Buffer.alloc(0);
    await this.append({ buffers, bytes, lastOffset: offset, lastChecksum });
    await this.sync();
  }

  /** Seals this segment and goes on in a new one. */
  async rotate(): Promise<void> {
    await this.seal();
    const next = await begin(this.#paths, this.#runId, this.segment + 1);
    await this.#handle.close();
    this.#handle = next.handle;
    this.#end = next.end;
    this.#key = segmentKey(this.#runId, next.end.segment);
  }

  /** Closes the file. */
  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #try(operation: () => Promise<void>): Promise<void> {
    try {
      await operation();
    } catch (error) {
      throw storeError(error, "writing", segmentPath(this.#paths, this.segment));
    }
  }
}

/** The entry which states that everything before `synced` is on the disk. */
export function syncedEntry(synced: number): {
  readonly kind: "synced";
  readonly payload: readonly Buffer[];
} {
  return { kind: "synced", payload: [encodeSynced(synced)] };
}

/** Makes a segment: a header on the disk, in a folder that is on the disk. */
async function begin(
  paths: RunPaths,
  runId: string,
  segment: number,
): Promise<{ readonly handle: FileHandle; readonly end: IndexPosition }> {
  const path = segmentPath(paths, segment);
  let handle: FileHandle | undefined;
  try {
    const { O_RDWR, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
    handle = await open(path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o644);
    await writeAll(handle, [encodeSegmentHeader(runId, segment)], 0);
    await handle.datasync();
    syncFolder(paths.segments);
  } catch (error) {
    await handle?.close();
    throw storeError(error, "writing", path);
  }
  return {
    handle,
    end: { segment, offset: segmentHeaderBytes, lastOffset: 0, lastChecksum: Buffer.alloc(0) },
  };
}

/** The most buffers the kernel takes in one call. */
const maxVector = 1024;

async function writeAll(handle: FileHandle, buffers: readonly Uint8Array[], position: number): Promise<void> {
  let rest = [...buffers];
  let at = position;
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest.slice(0, maxVector), at);
    at += bytesWritten;
    rest = without(rest, bytesWritten);
  }
}

/** What is left of the buffers behind their first `bytes`. */
function without(buffers: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  let index = 0;
  for (let head = buffers[0]; head !== undefined && skip >= head.length; head = buffers[index]) {
    skip -= head.length;
    index++;
  }
  const [first, ...rest] = buffers.slice(index);
  return first === undefined ? [] : [first.subarray(skip), ...rest];
}
