import { decodeEnd, decodeRecord } from "./records.ts";
import { framesOf, parseTrajectoryBlob, recordsOf } from "./trajectory-blob.ts";
import { cborToJson } from "../model/cbor/to-json.ts";
import type { CborField } from "../model/cbor/value.ts";
import type { JsonObject } from "../model/json.ts";
import { readSpaces, type SeatSpaces } from "../model/spaces.ts";
import type { TrajectoryRecord } from "../model/trajectory.ts";
import type { TrajectoryStep } from "../model/trajectory-step.ts";

/** A recorded rollout's bytes, decoded on demand. */
export class Trajectory {
  /** The trajectory blob of format 2 (`docs/trajectory-format.md`). */
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The first link of the chain: spec, seed, image and world, as JSON. */
  get manifest(): JsonObject {
    return JSON.parse(Buffer.from(parseTrajectoryBlob(this.bytes).manifest).toString()) as JsonObject;
  }

  /**
   * The spaces of each seat, as they were after the reset; none where the recording was cut off, or made by a version that
   * did not record them.
   * @throws `run_damaged`
   */
  get spaces(): Readonly<Record<string, SeatSpaces>> {
    for (const { type, payload } of framesOf(parseTrajectoryBlob(this.bytes)))
      if (type === "end") return readSpaces(decodeEnd(payload, "run_damaged").spaces);
    return {};
  }

  /**
   * The reset and every step, as JSON for people: arrays as lists, integers beyond 2^53 and non-finite numbers as text.
   * @throws `run_damaged`
   */
  *steps(): Generator<TrajectoryStep, void, undefined> {
    for (const record of this.records()) {
      const step = toStep(record);
      if (step !== undefined) yield step;
    }
  }

  /**
   * The reset, every step and the closing record, with their values' exact types.
   * @throws `run_damaged`
   */
  *records(): Generator<TrajectoryRecord, void, undefined> {
    for (const payload of recordsOf(parseTrajectoryBlob(this.bytes)))
      yield decodeRecord(payload, "run_damaged");
  }
}

function toStep(record: TrajectoryRecord): TrajectoryStep | undefined {
  const ledger = record.ledger === undefined ? {} : { ledger: record.ledger };
  if (record.kind === "reset") {
    return { step: 0, observation: cborToJson(record.observation), info: cborToJson(record.info), ...ledger };
  }
  if (record.kind === "closing") return undefined;
  return {
    step: record.k,
    action: cborToJson(record.action),
    observation: cborToJson(record.observation),
    reward: cborToJson(record.reward),
    terminated: cborToJson(record.terminated),
    truncated: cborToJson(record.truncated),
    info: cborToJson(record.info),
    ...ledger,
  };
}

/** The closing record's error as an object; undefined if there is none. */
export function fieldsToJson(fields: readonly CborField[]): JsonObject {
  return Object.fromEntries(fields.map(([name, value]) => [name, cborToJson(value)]));
}
