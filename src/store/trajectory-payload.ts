import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { sha256 } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";
import { maxPayloadBytes } from "./segment-format.ts";

/** Bytes of a trajectory entry's payload before the recorded bytes: address, encoding, length. */
export const trajectoryPrefixBytes = 40;

/** The most bytes one trajectory may have. A payload never exceeds it, compressed or not. */
const maxTrajectoryBytes = maxPayloadBytes.trajectory - trajectoryPrefixBytes;

const encodings = { plain: 0, zstd: 1 } as const;

/**
 * Measured on CartPole-like trajectories (half of which are digests): level -5 gives 0.37 of the size at
 * 28 us for 6 kB and 80 us for 117 kB; level 1 gives 0.35 at twice the time.
 */
const compression = { params: { [constants.ZSTD_c_compressionLevel]: -5 } };

/** A trajectory as an entry's payload. */
export interface PackedTrajectory {
  /** SHA-256 of the recorded bytes: what the trajectory is found by. */
  readonly address: Buffer;
  readonly payload: readonly Buffer[];
  readonly payloadBytes: number;
}

/**
 * Compresses a trajectory where that makes it smaller.
 * @throws SameseedError `bad_argument` where it is larger than {@link maxTrajectoryBytes}.
 */
export function packTrajectory(recorded: Uint8Array): PackedTrajectory {
  if (recorded.length > maxTrajectoryBytes) {
    throw new SameseedError(
      "bad_argument",
      `a trajectory of ${recorded.length} bytes is too large to record`,
      {
        context: { bytes: recorded.length, maxBytes: maxTrajectoryBytes },
        hint: "lower the rollout's output limit",
      },
    );
  }
  const address = sha256(recorded);
  const compressed = zstdCompressSync(recorded, compression);
  const smaller = compressed.length < recorded.length;
  const content = smaller ? compressed : Buffer.from(recorded.buffer, recorded.byteOffset, recorded.length);
  const prefix = Buffer.alloc(trajectoryPrefixBytes);
  address.copy(prefix);
  prefix.writeUInt8(smaller ? encodings.zstd : encodings.plain, 32);
  prefix.writeUInt32LE(recorded.length, 36);
  return { address, payload: [prefix, content], payloadBytes: prefix.length + content.length };
}

/** The address in a trajectory payload's prefix; undefined if the payload is too short to have one. */
export function trajectoryAddress(payload: Buffer): Buffer | undefined {
  return payload.length < trajectoryPrefixBytes ? undefined : Buffer.from(payload.subarray(0, 32));
}

/** The recorded bytes of a payload, or undefined where they are not those of `address` (64 hex digits). */
export function unpackTrajectory(payload: Buffer, address: string): Buffer | undefined {
  if (trajectoryAddress(payload)?.toString("hex") !== address || payload.readUIntBE(33, 3) !== 0)
    return undefined;
  const encoding = payload.readUInt8(32);
  const length = payload.readUInt32LE(36);
  const content = payload.subarray(trajectoryPrefixBytes);
  if (length > maxTrajectoryBytes) return undefined;
  const recorded =
    encoding === encodings.plain ? content : encoding === encodings.zstd && decompress(content, length);
  if (recorded === false || recorded.length !== length || sha256(recorded).toString("hex") !== address)
    return undefined;
  return recorded;
}

function decompress(content: Buffer, length: number): Buffer | false {
  try {
    // A few bytes can decompress to gigabytes: never more than what the prefix says, which is bounded.
    return zstdDecompressSync(content, { maxOutputLength: Math.max(1, length) });
  } catch {
    return false;
  }
}
