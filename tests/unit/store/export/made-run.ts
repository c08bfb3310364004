import type { CborValue } from "../../../../src/model/cbor/value.ts";
import type { RunReader } from "../../../../src/store/run-reader.ts";
import { buildTrajectoryBlob } from "../../../../src/trajectory/trajectory-blob.ts";
import { summaryOf } from "../../fleet/some-rollouts.ts";
import {
  bytes,
  encodeRecord,
  float,
  float32s,
  frame,
  int,
  map,
  type RecordFields,
  text,
} from "../../trajectory/trajectories.ts";

const list = (items: readonly CborValue[]): CborValue => ({ type: "list", items: [...items] });

/** The space of a Box without bounds worth a name. */
export function box(dtype: string, shape: readonly number[]): CborValue {
  const bound = float32s(0);
  return map({
    type: text("Box"),
    dtype: text(dtype),
    shape: list(shape.map((size) => int(size))),
    low: bound,
    high: bound,
  });
}

export const discrete: CborValue = map({
  type: text("Discrete"),
  n: int(2),
  start: int(0),
  dtype: text("int64"),
});

/** A run of one complete episode that nobody played: a reader of it, as far as an export asks. */
export function madeRun(
  records: readonly RecordFields[],
  observation: CborValue,
  action: CborValue = discrete,
): RunReader {
  const steps = records.length - 2;
  const end = encodeRecord({
    outcome: text("terminated"),
    steps: int(steps),
    totalReward: float(steps),
    seeded: list([]),
    warnings: list([]),
    volatile: list([]),
    orderDigest: bytes(new Uint8Array(32)),
    spaces: map({ agent: map({ action, observation }) }),
  });
  const frames = [...records.map((record) => frame(1, encodeRecord(record))), frame(3, end)];
  const trajectory = buildTrajectoryBlob(Buffer.from("{}"), frames);
  const made = {
    manifest: { spec: { seats: [{}] } },
    rows: () => [summaryOf({ seed: 1, steps })],
    trajectory: () => trajectory,
  };
  return made as unknown as RunReader;
}
