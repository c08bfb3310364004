import { buildTrajectoryBlob } from "../../../src/trajectory/trajectory-blob.ts";
import type { CborField, CborValue } from "../../../src/model/cbor/value.ts";
import { encodeCbor } from "../model/cbor/encode-cbor.ts";

/** Short ways to write values. */
export const int = (value: number | bigint): CborValue => ({ type: "int", value: BigInt(value) });
export const float = (value: number): CborValue => ({ type: "float", value });
export const text = (value: string): CborValue => ({ type: "text", value });
export const bool = (value: boolean): CborValue => ({ type: "bool", value });
export const bytes = (value: Uint8Array): CborValue => ({ type: "bytes", value });
export const map = (entries: Readonly<Record<string, CborValue>>): CborValue & { type: "map" } => ({
  type: "map",
  entries: Object.entries(entries).toSorted(([a], [b]) => a.length - b.length || (a < b ? -1 : 1)),
});
export const float32s = (...values: number[]): CborValue => ({
  type: "ndarray",
  dtype: "float32",
  shape: [values.length],
  data: new Uint8Array(Float32Array.from(values).buffer),
});

/** A record as a map; change one by its fields. */
export type RecordFields = Readonly<Record<string, CborValue>>;

/** The records of a small episode: a reset, `steps` steps and the closing record. */
export function episode(steps: number, outcome = "terminated"): RecordFields[] {
  const digest = (seed: number): CborValue => bytes(new Uint8Array(32).fill(seed));
  const hidden = (k: number): CborValue =>
    map({ env: digest(k), action_space: digest(k + 1), observation_space: digest(7) });
  const records: RecordFields[] = [
    { k: int(0), observation: float32s(0.01, 0.02, 0.03, 0.04), info: map({}), hidden: hidden(0) },
  ];
  for (let k = 1; k <= steps; k++)
    records.push({
      k: int(k),
      action: { type: "ndarray", dtype: "int64", shape: [], data: Uint8Array.of(k % 2, 0, 0, 0, 0, 0, 0, 0) },
      observation: float32s(k / 10, k / 20, k / 30, k / 40),
      reward: float(1),
      terminated: bool(k === steps),
      truncated: bool(false),
      info: map({ episode: map({ t: int(k), name: text("a text") }) }),
      hidden: hidden(k),
    });
  const closing = {
    k: int(steps + 1),
    end: text(outcome),
    hidden: map({ random: digest(1), numpy: digest(2) }),
  };
  records.push(closing);
  return records;
}

/** The canonical bytes of a record. */
export function encodeRecord(fields: RecordFields): Uint8Array {
  return new Uint8Array(encodeCbor(map(fields)));
}

/** A frame of the referee's stream. */
export function frame(type: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header[0] = type;
  header.writeUInt32LE(payload.length, 1);
  return Buffer.concat([header, payload]);
}

/** A stored trajectory of some records. */
export function store(records: readonly RecordFields[], manifest = "{}"): Buffer {
  return buildTrajectoryBlob(
    Buffer.from(manifest),
    records.map((record) => frame(1, encodeRecord(record))),
  );
}

/** The fields of a map value. */
export function entriesOf(value: CborValue | undefined): readonly CborField[] {
  return value?.type === "map" ? value.entries : [];
}
