import { createHash, hash } from "node:crypto";

/** A SHA-256 digest as `sha256:` and 64 lower-case hex digits. */
export type Digest = `sha256:${string}`;

/** The SHA-256 of some bytes (32 bytes). */
export function sha256(data: Uint8Array | string): Buffer {
  return hash("sha256", data, "buffer");
}

/** The SHA-256 of several parts in a row (32 bytes). */
export function sha256Of(parts: Iterable<Uint8Array | string>): Buffer {
  const hasher = createHash("sha256");
  for (const part of parts) hasher.update(part);
  return hasher.digest();
}

/** Writes 32 digest bytes as a {@link Digest}. */
export function toDigest(bytes: Buffer): Digest {
  return `sha256:${bytes.toString("hex")}`;
}

/** The {@link Digest} of some bytes. */
export function digestOf(data: Uint8Array | string): Digest {
  return toDigest(sha256(data));
}
