import { SameseedError } from "../base/error.ts";
import type { BadBytesCode } from "../model/cbor/reader.ts";
import { maxFrameBytes, type Frame, type FrameType } from "../model/trajectory.ts";

// A frame before its payload: type and length.
const frameHeaderBytes = 5;

const types: readonly (FrameType | undefined)[] = [undefined, "record", "volatile", "end", "ask", "picture"];
/** The last type that a stored trajectory may have. */
const lastStored = 3;
const lastLive = 4;
const lastPictured = 5;

/**
 * Cuts a stream into frames, whatever its chunks are. What a frame announces is checked as soon as its header is
 * there, and memory is only taken for bytes that have arrived.
 *
 * A frame that lies within one chunk is a view of it, so chunks must not be written to afterwards.
 */
export class FrameDecoder {
  readonly #maxBytes: number;
  readonly #live: boolean;
  readonly #lastType: number;
  // The start of a frame whose end has not arrived: the first #held bytes of a buffer that grows by doubling.
  #partial: Buffer = Buffer.alloc(0);
  #held = 0;
  #ended = false;

  /**
   * @param options - `maxBytes` is the largest payload in bytes, at most and by default 64 MiB; a stream that is `live`
   * may hold several trajectories and questions to the host, one that is `pictured` pictures
   */
  constructor(
    options: { readonly maxBytes?: number; readonly live?: boolean; readonly pictured?: boolean } = {},
  ) {
    const { maxBytes = maxFrameBytes, live = false, pictured = false } = options;
    this.#maxBytes = Math.min(maxBytes, maxFrameBytes);
    this.#live = live;
    this.#lastType = pictured ? lastPictured : live ? lastLive : lastStored;
  }

  /** Whether the END frame has been read. */
  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Takes the next bytes and returns the frames that they complete.
   *
   * @throws {@link SameseedError} `protocol_broken` for an unknown type, a payload above the limit, or bytes after
   * the END frame
   */
  push(chunk: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    let position = 0;
    while (position < chunk.length) {
      if (this.#ended) failFrames("protocol_broken", "bytes follow the END frame");
      if (this.#held > 0) {
        position = this.#fill(chunk, position);
        this.#takeHeld(frames);
        continue;
      }
      const length = frameLength(chunk, position, this.#maxBytes, "protocol_broken", this.#lastType);
      if (length === undefined || position + length > chunk.length) {
        this.#hold(chunk, position, chunk.length);
        break;
      }
      frames.push(this.#take(chunk.subarray(position, position + length)));
      position += length;
    }
    return frames;
  }

  /**
   * Says that the stream is over.
   *
   * @throws {@link SameseedError} `protocol_broken` where a frame is incomplete
   */
  finish(): void {
    if (this.#held > 0) failFrames("protocol_broken", "the stream ends inside a frame");
  }

  /** Moves bytes that the held frame lacks, up to the end of its header or else of its payload. */
  #fill(chunk: Uint8Array, position: number): number {
    const target = this.#heldLength() ?? frameHeaderBytes;
    const end = Math.min(chunk.length, position + target - this.#held);
    this.#hold(chunk, position, end);
    return end;
  }

  #hold(chunk: Uint8Array, start: number, end: number): void {
    const needed = this.#held + end - start;
    if (needed > this.#partial.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#partial.length));
      grown.set(this.#partial.subarray(0, this.#held));
      this.#partial = grown;
    }
    this.#partial.set(chunk.subarray(start, end), this.#held);
    this.#held = needed;
  }

  #heldLength(): number | undefined {
    return frameLength(
      this.#partial.subarray(0, this.#held),
      0,
      this.#maxBytes,
      "protocol_broken",
      this.#lastType,
    );
  }

  /** Hands out the held frame if it is whole. */
  #takeHeld(frames: Frame[]): void {
    if (this.#heldLength() !== this.#held) return;
    frames.push(this.#take(this.#partial.subarray(0, this.#held)));
    this.#partial = Buffer.alloc(0);
    this.#held = 0;
  }

  #take(bytes: Uint8Array): Frame {
    const frame = toFrame(bytes);
    if (frame.type === "end") this.#ended = !this.#live;
    return frame;
  }
}

/**
 * The length of the frame that starts at an offset, header included; undefined while its header is incomplete.
 *
 * @throws {@link SameseedError} `code` for an unknown type or a payload above `maxBytes`
 */
export function frameLength(
  bytes: Uint8Array,
  start: number,
  maxBytes: number,
  code: BadBytesCode,
  lastType: number = lastStored,
): number | undefined {
  const type = bytes[start];
  if (type === undefined) return undefined;
  if (types[type] === undefined || type > lastType) failFrames(code, `a frame has the unknown type ${type}`);
  if (bytes.length - start < frameHeaderBytes) return undefined;
  const length = readUint32(bytes, start + 1);
  if (length > maxBytes)
    failFrames(code, `a frame announces ${length} bytes, above the limit of ${maxBytes}`);
  return frameHeaderBytes + length;
}

/** A whole frame of a type that {@link frameLength} has checked. */
export function toFrame(bytes: Uint8Array): Frame {
  return { type: types[bytes[0] ?? 0] ?? "end", payload: bytes.subarray(frameHeaderBytes), bytes };
}

/** The unsigned 32-bit integer at an offset, least significant byte first; missing bytes count as zero. */
export function readUint32(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
  return (low | ((bytes[at + 3] ?? 0) << 24)) >>> 0;
}

/** Throws the error for bytes that are not frames of format 2. */
export function failFrames(code: BadBytesCode, problem: string): never {
  throw new SameseedError(code, `the recording's frames are broken: ${problem}`, { context: { problem } });
}
