import { SameseedError } from "../base/error.ts";
import { maxFrameBytes, type Frame } from "../model/trajectory.ts";
import { failFrames, frameLength, readUint32, toFrame } from "./frame-decoder.ts";

const magic: Buffer = Buffer.from("SSTRAJ2\n", "latin1");
const headerBytes = magic.length + 4;

/** A stored trajectory, cut into its parts; all of them are views of its bytes. */
export interface TrajectoryBlob {
  /** The manifest in its JCS form (RFC 8785). */
  readonly manifest: Uint8Array;
  /** The frames, exactly as the referee sent them. */
  readonly frames: Uint8Array;
}

/** Joins a manifest and the frames of a rollout to the bytes that are stored. */
export function buildTrajectoryBlob(manifest: Uint8Array, frames: Iterable<Uint8Array>): Buffer {
  const header = Buffer.alloc(headerBytes);
  magic.copy(header);
  header.writeUInt32LE(manifest.length, magic.length);
  return Buffer.concat([header, manifest, ...frames]);
}

/**
 * Cuts a stored trajectory into its parts. The frames are not looked at: {@link framesOf} does that as they are read.
 *
 * @throws {@link SameseedError} `run_damaged` where the bytes are not a trajectory of format 2
 */
export function parseTrajectoryBlob(blob: Uint8Array): TrajectoryBlob {
  if (blob.length < headerBytes || !magic.equals(blob.subarray(0, magic.length)))
    throw new SameseedError("run_damaged", "the bytes are not a recorded trajectory of format 2", {
      hint: "a trajectory of format 2 is read by the version of Sameseed that wrote it",
    });
  const framesStart = headerBytes + readUint32(blob, magic.length);
  if (framesStart > blob.length)
    throw new SameseedError("run_damaged", "a recorded trajectory ends inside its manifest");
  return { manifest: blob.subarray(headerBytes, framesStart), frames: blob.subarray(framesStart) };
}

/**
 * The frames of a stored trajectory, one at a time.
 *
 * @throws {@link SameseedError} `run_damaged`, while iterating, where a frame is broken or incomplete
 */
export function* framesOf(blob: TrajectoryBlob): Generator<Frame, void, undefined> {
  const bytes = blob.frames;
  for (let start = 0; start < bytes.length;) {
    const length = frameLength(bytes, start, maxFrameBytes, "run_damaged");
    if (length === undefined || start + length > bytes.length)
      failFrames("run_damaged", "the recording ends inside a frame");
    const frame = toFrame(bytes.subarray(start, start + length));
    start += length;
    if (frame.type === "end" && start !== bytes.length)
      failFrames("run_damaged", "bytes follow the END frame");
    yield frame;
  }
}

/**
 * The payloads of the records of a stored trajectory, one at a time.
 *
 * @throws {@link SameseedError} `run_damaged`, while iterating, where a frame is broken or incomplete
 */
export function* recordsOf(blob: TrajectoryBlob): Generator<Uint8Array, void, undefined> {
  for (const frame of framesOf(blob)) if (frame.type === "record") yield frame.payload;
}
