// Theory of operation (byte by byte in docs/run-folder.md). A segment is a header and then entries, each with a
// checksum over a key, its own offset, its header and its payload. The key is made from the run's id and the
// segment's number, which no sandboxed program knows: bytes that a rollout chose cannot pass for an entry, and an
// entry that was copied to another place, segment or run fails its checksum.
//
// An entry that fails is either the end of a write that a crash cut short, which is expected and is cut off, or
// damage, which must be reported. The two are told apart by `synced` entries: each says up to which offset the
// segment was on the disk before the entry was written. Whatever fails below such an offset is damage.

import { createHash } from "node:crypto";
import { sha256Of } from "../base/digest.ts";

/** Bytes of a segment's header. */
export const segmentHeaderBytes = 64;
/** Bytes of an entry before its payload. */
export const entryHeaderBytes = 44;
/** Bytes of a `synced` entry's payload. */
const syncedPayloadBytes = 8;

/** The format version of segments this code reads and writes. */
const segmentVersion = 1;
const segmentMagic = Buffer.from("SSSEGM1\n", "latin1");
const entryMark = Buffer.from([0xf5, 0x53, 0x53, 0x45]);
/** Bytes of an entry's header that its checksum covers: mark, length, kind, three zeros. */
const plainHeaderBytes = 12;

/** What an entry holds. */
export type EntryKind = "trajectory" | "row" | "synced";

const kindBytes: Readonly<Record<EntryKind, number>> = { trajectory: 1, row: 2, synced: 3 };
const kindsByByte: ReadonlyMap<number, EntryKind> = new Map([
  [1, "trajectory"],
  [2, "row"],
  [3, "synced"],
]);

/** The most bytes a payload of each kind may have: memory a damaged or hostile length can never exceed. */
export const maxPayloadBytes: Readonly<Record<EntryKind, number>> = {
  trajectory: 1024 * 1024 * 1024,
  row: 16 * 1024 * 1024,
  synced: syncedPayloadBytes,
};

/** The secret of a segment that its checksums are made with: 16 bytes. */
export function segmentKey(runId: string, number: number): Buffer {
  return sha256Of(["sameseed/segment/1\0", runId, "\0", String(number)]).subarray(0, 16);
}

/** The header of a segment; all of it follows from the run and the number. */
export function encodeSegmentHeader(runId: string, number: number): Buffer {
  const header = Buffer.alloc(segmentHeaderBytes);
  segmentMagic.copy(header);
  header.writeUInt32LE(segmentVersion, 8);
  header.writeUInt32LE(number, 12);
  segmentKey(runId, number).copy(header, 16);
  sha256Of(["sameseed/segment-header/1\0", header.subarray(0, 32)]).copy(header, 32);
  return header;
}

/** The format version a segment's first bytes claim; undefined where they are not a segment's. */
export function claimedVersion(header: Buffer): number | undefined {
  if (header.length < 12 || !header.subarray(0, 6).equals(segmentMagic.subarray(0, 6))) return undefined;
  return header.readUInt32LE(8);
}

/** An entry's header, checksum apart. */
export interface EntryHeader {
  readonly kind: EntryKind;
  readonly payloadBytes: number;
  /** The first 12 bytes. */
  readonly plain: Buffer;
  /** 32 bytes. */
  readonly checksum: Buffer;
}

/** An entry as the buffers to write at `offset`. */
export function encodeEntry(
  key: Buffer,
  offset: number,
  entry: { readonly kind: EntryKind; readonly payload: readonly Uint8Array[] },
): Buffer[] {
  const header = Buffer.alloc(entryHeaderBytes);
  entryMark.copy(header);
  header.writeUInt32LE(
    entry.payload.reduce((sum, part) => sum + part.length, 0),
    4,
  );
  header.writeUInt8(kindBytes[entry.kind], 8);
  const hasher = entryHasher(key, offset, header.subarray(0, plainHeaderBytes));
  for (const part of entry.payload) hasher.update(part);
  hasher.digest().copy(header, plainHeaderBytes);
  return [header, ...entry.payload.map((part) => Buffer.from(part.buffer, part.byteOffset, part.length))];
}

/** Reads an entry's header, copied out of `bytes`; undefined if it is none or its length is impossible. */
export function decodeEntryHeader(bytes: Buffer): EntryHeader | undefined {
  if (bytes.length < entryHeaderBytes || !bytes.subarray(0, 4).equals(entryMark)) return undefined;
  const kind = kindsByByte.get(bytes.readUInt8(8));
  const payloadBytes = bytes.readUInt32LE(4);
  if (kind === undefined || bytes.readUIntLE(9, 3) !== 0 || payloadBytes > maxPayloadBytes[kind])
    return undefined;
  if (kind === "synced" && payloadBytes !== syncedPayloadBytes) return undefined;
  return {
    kind,
    payloadBytes,
    plain: Buffer.from(bytes.subarray(0, plainHeaderBytes)),
    checksum: Buffer.from(bytes.subarray(plainHeaderBytes, entryHeaderBytes)),
  };
}

/** What an entry's checksum is made with; feed it the payload. */
export function entryHasher(
  key: Buffer,
  offset: number,
  plain: Buffer,
): { update(part: Uint8Array): unknown; digest(): Buffer } {
  const place = Buffer.alloc(8);
  place.writeBigUInt64LE(BigInt(offset));
  return createHash("sha256").update("sameseed/entry/1\0").update(key).update(place).update(plain);
}

/** The payload of a `synced` entry: everything before `offset` is on the disk. */
export function encodeSynced(offset: number): Buffer {
  const payload = Buffer.alloc(syncedPayloadBytes);
  payload.writeBigUInt64LE(BigInt(offset));
  return payload;
}

/** Reads what {@link encodeSynced} wrote. */
export function decodeSynced(payload: Buffer): number {
  return Number(payload.readBigUInt64LE());
}

/** How every `synced` entry begins, to find one after bytes that cannot be read. */
export function syncedPattern(): Buffer {
  const pattern = Buffer.alloc(plainHeaderBytes);
  entryMark.copy(pattern);
  pattern.writeUInt32LE(syncedPayloadBytes, 4);
  pattern.writeUInt8(kindBytes.synced, 8);
  return pattern;
}
