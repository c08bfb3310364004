import { SameseedError } from "../../base/error.ts";
import { FrameDecoder } from "../../trajectory/frame-decoder.ts";
import { decodeCbor } from "../../model/cbor/decode.ts";
import { entryOf, type CborField, type CborValue } from "../../model/cbor/value.ts";
import type { QRow } from "./q-table.ts";

/*
 * The result of a training piece: one END frame whose payload is the table. The payload is kept as received, because
 * the next piece starts from it. It is parsed here only to check it and to read its rows.
 */

/** A table as a sandbox wrote it. */
export interface LearnedRows {
  /** The payload, as it came. */
  readonly bytes: Buffer;
  /** Episodes so far. */
  readonly episodes: number;
  readonly rows: ReadonlyMap<string, QRow>;
}

/** How an opponent that is source failed. */
export interface OpponentFailure {
  readonly episode: number;
  readonly seat: string;
  /** The outcome that a rollout would have had: `illegal_action`, `policy_error`, `protocol_error`, `wall_limit`… */
  readonly outcome: string;
  /** How it failed, in the learner's own words. */
  readonly kind: string;
  /** The exception's type. */
  readonly type: string;
  readonly message: string;
}

/** A piece's stream as it arrives; at most {@link resultBytesMost} of it is kept. */
export class LearningStream {
  readonly #decoder = new FrameDecoder({ maxBytes: resultBytesMost });
  #payload: Buffer | undefined;

  /** @throws SameseedError `protocol_broken` */
  push(chunk: Buffer): void {
    for (const frame of this.#decoder.push(Buffer.from(chunk))) {
      if (frame.type !== "end") throw broken("a frame of another type came before the last");
      this.#payload = Buffer.from(frame.payload);
    }
  }

  /** The payload; undefined if the stream ended before it. */
  get payload(): Buffer | undefined {
    return this.#payload;
  }
}

/** More than twice of what all rows take. */
const resultBytesMost = 1 << 20;

/**
 * Reads what a piece handed back.
 * @throws SameseedError `protocol_broken` where it is not of format 1
 */
export function readLearned(bytes: Buffer): LearnedRows | OpponentFailure {
  const entries = mapOf(decodeCbor(bytes, "protocol_broken"));
  if (wholeOf(entryOf(entries, "format")) !== 1) throw broken("the table is not of format 1");
  const failure = entryOf(entries, "failure");
  if (failure !== undefined) {
    const facts = mapOf(failure);
    return {
      episode: wholeOf(entryOf(facts, "episode")),
      seat: textOf(entryOf(facts, "seat")),
      outcome: textOf(entryOf(facts, "outcome")),
      kind: textOf(entryOf(facts, "kind")),
      type: textOf(entryOf(facts, "type")),
      message: textOf(entryOf(facts, "message")),
    };
  }
  const rows = mapOf(entryOf(entries, "rows")).map(([key, value]) => [key, rowOf(value)] as const);
  return { bytes, episodes: wholeOf(entryOf(entries, "episodes")), rows: new Map(rows) };
}

function rowOf(value: CborValue): QRow {
  if (value.type !== "list" || value.items.length !== 9) throw broken("a row has not nine values");
  return value.items.map((item) => {
    if (item.type === "null") return null;
    if (item.type === "float" && Number.isFinite(item.value)) return item.value;
    throw broken("a value is not a finite float");
  });
}

function mapOf(value: CborValue | undefined): readonly CborField[] {
  return value?.type === "map" ? value.entries : fail("a map is missing");
}

function wholeOf(value: CborValue | undefined): number {
  return value?.type === "int" && value.value >= 0n ? Number(value.value) : fail("a whole number is missing");
}

function textOf(value: CborValue | undefined): string {
  return value?.type === "text" ? value.value : fail("a text is missing");
}

function fail(problem: string): never {
  throw broken(problem);
}

function broken(problem: string): SameseedError {
  return new SameseedError("protocol_broken", `a training sandbox sent an invalid result: ${problem}`);
}
