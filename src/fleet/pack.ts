import { sha256 } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";
import type { RecordedRollout } from "../model/rollout.ts";
import { decodeSummary, encodeSummary } from "../store/row.ts";
import { packTrajectory, unpackTrajectory } from "../store/trajectory-payload.ts";

/*
 * A pack is the rollouts of one chunk as one object. `SSPACK1\n`, the number of rollouts (4 bytes), then for each: the length of
 * its row and of its trajectory (4 bytes each, little-endian), the row (JSON, as in a run folder) and the trajectory (the payload
 * of a run folder's trajectory entry). The record of the chunk has the pack's SHA-256.
 */

const magic = Buffer.from("SSPACK1\n", "latin1");
const headBytes = magic.length + 4;

/** Rollouts as one object. */
export function encodePack(rollouts: readonly RecordedRollout[]): Buffer {
  const head = Buffer.alloc(headBytes);
  magic.copy(head);
  head.writeUInt32LE(rollouts.length, magic.length);
  const parts: Buffer[] = [head];
  for (const { summary, trajectory } of rollouts) {
    const row = Buffer.from(encodeSummary(summary));
    const packed = packTrajectory(trajectory);
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32LE(row.length, 0);
    lengths.writeUInt32LE(packed.payloadBytes, 4);
    parts.push(lengths, row, ...packed.payload);
  }
  return Buffer.concat(parts);
}

/**
 * The rollouts of a pack, one at a time.
 * @throws `run_damaged`
 */
export function* decodePack(pack: Buffer): Generator<RecordedRollout, undefined> {
  if (pack.length < headBytes || !pack.subarray(0, magic.length).equals(magic))
    throw damaged("its first bytes are not a pack's");
  const count = pack.readUInt32LE(magic.length);
  let at = headBytes;
  for (let n = 0; n < count; n++) {
    if (at + 8 > pack.length) throw damaged("it ends too soon");
    const rowEnd = at + 8 + pack.readUInt32LE(at);
    const end = rowEnd + pack.readUInt32LE(at + 4);
    if (end > pack.length) throw damaged("it ends too soon");
    yield readOne(pack.subarray(at + 8, rowEnd), pack.subarray(rowEnd, end));
    at = end;
  }
  if (at !== pack.length) throw damaged("bytes follow its last rollout");
}

function readOne(row: Buffer, payload: Buffer): RecordedRollout {
  const summary = decodeSummary(row);
  if (summary === undefined) throw damaged("a row cannot be read");
  const trajectory = unpackTrajectory(payload, payload.subarray(0, 32).toString("hex"));
  if (trajectory === undefined) throw damaged(`the trajectory of seed ${summary.seed} is not intact`);
  return { summary, trajectory, seats: [] };
}

/** A pack's name in the store: what is in it. */
export function packName(spec: string, pack: Buffer): { readonly key: string; readonly digest: string } {
  const digest = sha256(pack).toString("hex");
  return { key: `packs/${spec}/${digest}.pack`, digest };
}

function damaged(what: string): SameseedError {
  return new SameseedError("run_damaged", `a pack in the fleet's store is damaged: ${what}`, {
    hint: "its rollouts are run again",
  });
}
