import { sha256 } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";
import type { RecordedRollout } from "../model/rollout.ts";
import { decodeSummary, encodeSummary } from "../store/row.ts";
import { packTrajectory, unpackTrajectory } from "../store/trajectory-payload.ts";

/*
 * A pack is the rollouts of one chunk as one object. `SSPACK1\n`, the number of rollouts (4 bytes), then for each: the length of
 * its row and of its trajectory (4 bytes each, little-endian), the row (JSON, as in a run folder) and the trajectory (the payload
 * of a run folder's trajectory entry). The record of the chunk has the pack's SHA-256. However large a pack is, one rollout of it
 * is in memory at a time.
 */

const magic = Buffer.from("SSPACK1\n", "latin1");
const headBytes = magic.length + 4;

/** A pack's bytes, wherever they are. */
export interface PackBytes {
  readonly size: number;
  /** `length` bytes from `at` on; they are all there. */
  read(at: number, length: number): Buffer;
}

/** How a pack of so many rollouts begins. */
export function packHead(count: number): Buffer {
  const head = Buffer.alloc(headBytes);
  magic.copy(head);
  head.writeUInt32LE(count, magic.length);
  return head;
}

/** A rollout as it is in a pack. */
export function packFrame({ summary, trajectory }: RecordedRollout): Buffer {
  return frameOf(Buffer.from(encodeSummary(summary)), packTrajectory(trajectory).payload);
}

/** A row and what belongs to it, as they are in a pack. */
export function frameOf(row: Buffer, payload: readonly Uint8Array[]): Buffer {
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(row.length, 0);
  lengths.writeUInt32LE(
    payload.reduce((sum, { length }) => sum + length, 0),
    4,
  );
  return Buffer.concat([lengths, row, ...payload]);
}

/**
 * The rollouts of a pack, one at a time.
 * @throws `run_damaged`
 */
export function* decodePack(pack: PackBytes): Generator<RecordedRollout, undefined> {
  for (const { row, payload } of framesOf(pack)) yield readOne(row, payload);
}

/**
 * What {@link frameOf} made, one at a time.
 * @param most how many bytes one may have
 * @throws `run_damaged`
 */
export function* framesOf(
  pack: PackBytes,
  most: number = Infinity,
): Generator<{ readonly row: Buffer; readonly payload: Buffer }, undefined> {
  const head = pack.size < headBytes ? undefined : pack.read(0, headBytes);
  if (head?.subarray(0, magic.length).equals(magic) !== true)
    throw damaged("its first bytes are not a pack's");
  const count = head.readUInt32LE(magic.length);
  let at = headBytes;
  for (let n = 0; n < count; n++) {
    if (at + 8 > pack.size) throw damaged("it ends too soon");
    const lengths = pack.read(at, 8);
    const [row, trajectory] = [lengths.readUInt32LE(0), lengths.readUInt32LE(4)];
    if (row + trajectory > most) throw damaged(`one of its items has ${row + trajectory} bytes`);
    const end = at + 8 + row + trajectory;
    if (end > pack.size) throw damaged("it ends too soon");
    const frame = pack.read(at + 8, row + trajectory);
    yield { row: frame.subarray(0, row), payload: frame.subarray(row) };
    at = end;
  }
  if (at !== pack.size) throw damaged("bytes follow its last rollout");
}

function readOne(row: Buffer, payload: Buffer): RecordedRollout {
  const summary = decodeSummary(row);
  if (summary === undefined) throw damaged("a row cannot be read");
  const trajectory = unpackTrajectory(payload, payload.subarray(0, 32).toString("hex"));
  if (trajectory === undefined) throw damaged(`the trajectory of seed ${summary.seed} is not intact`);
  return { summary, trajectory, seats: [] };
}

/** A pack's name in the store: what is in it. @param digest its SHA-256, 64 hex digits */
export function packKey(spec: string, digest: string): string {
  return `packs/${spec}/${digest}.pack`;
}

/** A pack in memory. */
export function packInMemory(bytes: Buffer): PackBytes & { readonly digest: string } {
  return {
    size: bytes.length,
    digest: sha256(bytes).toString("hex"),
    read: (at, length) => bytes.subarray(at, at + length),
  };
}

function damaged(what: string): SameseedError {
  return new SameseedError("run_damaged", `a pack in the fleet's store is damaged: ${what}`, {
    hint: "its rollouts are run again",
  });
}
