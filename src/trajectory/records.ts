import { SameseedError } from "../base/error.ts";
import { decodeCbor } from "../model/cbor/decode.ts";
import { type FieldSpan } from "../model/cbor/field-spans.ts";
import type { BadBytesCode } from "../model/cbor/reader.ts";
import { entryOf, type CborField, type CborValue } from "../model/cbor/value.ts";
import { rewardOf, type RewardSum, withRecorded } from "../model/reward-sum.ts";
import { faultKinds, type FaultKind, type Outcome } from "../model/outcome.ts";
import {
  isOutcome,
  type EndError,
  type EndSummary,
  type Ledger,
  type RecordKind,
  type TrajectoryDigests,
  type TrajectoryRecord,
  type VolatileInfo,
} from "../model/trajectory.ts";

/*
 * Each record may have a ledger after its hidden state. The lists below are without it; `recordKind` leaves it out.
 */
const resetKeys = ["k", "info", "hidden", "observation"];
const stepKeys = ["k", "info", "action", "hidden", "reward", "truncated", "terminated", "observation"];
const closingKeys: readonly (readonly string[])[] = [
  ["k", "end", "hidden"],
  ["k", "end", "error", "hidden"],
  ["k", "end", "action", "hidden"],
  ["k", "end", "error", "action", "hidden"],
];

/** More than the referee ever adds up; a row is bounded too. */
const maxSumCharacters = 8 * 1024 * 1024;

/** Which record has these fields; undefined where none has. */
export function recordKind(fields: readonly { readonly name: string }[]): RecordKind | undefined {
  if (hasKeys(fields, stepKeys)) return "step";
  if (hasKeys(fields, resetKeys)) return "reset";
  return closingKeys.some((keys) => hasKeys(fields, keys)) ? "closing" : undefined;
}

/** The unsigned integer in a span that was checked; undefined if the span holds anything else. */
export function unsignedAt(bytes: Uint8Array, span: FieldSpan): number | undefined {
  const first = bytes[span.start] ?? 0xff;
  if (first < 24) return first;
  if (first > 0x1b) return undefined;
  let value = 0;
  for (let at = span.start + 1; at < span.end; at++) value = value * 256 + (bytes[at] ?? 0);
  return Number.isSafeInteger(value) ? value : undefined;
}

/**
 * Decodes the payload of a RECORD frame.
 *
 * @throws {@link SameseedError} `code` where it is not a record of format 2
 */
export function decodeRecord(payload: Uint8Array, code: BadBytesCode): TrajectoryRecord {
  const entries = expectMap(decodeCbor(payload, code), code, "a record");
  const kind = recordKind(entries.map(([name]) => ({ name })));
  const field = (name: string): CborValue => required(entries, name, code);
  const k = expectInteger(field("k"), code, "k");
  const hidden = expectMap(field("hidden"), code, "hidden");
  const asked = entryOf(entries, "ledger");
  const ledger = asked === undefined ? {} : { ledger: expectLedger(asked, code) };
  if (kind === "reset" && k === 0)
    return { kind, k, observation: field("observation"), info: field("info"), hidden, ...ledger };
  if (kind === "step" && k > 0)
    return {
      kind,
      k,
      action: field("action"),
      observation: field("observation"),
      reward: field("reward"),
      terminated: field("terminated"),
      truncated: field("truncated"),
      info: field("info"),
      hidden,
      ...ledger,
    };
  if (kind !== "closing") return failRecord(code, "a record has other fields than format 2 gives it");
  const error = entryOf(entries, "error");
  const action = entryOf(entries, "action");
  return {
    kind,
    k,
    end: expectOutcome(field("end"), code),
    hidden,
    ...ledger,
    ...(error === undefined ? {} : { error: expectMap(error, code, "error") }),
    ...(action === undefined ? {} : { action }),
  };
}

/**
 * The rewards of recorded steps, added in their order.
 * @param before the sum of what was before them
 * @returns undefined where there is no reward
 */
export function rewardsIn(
  records: Iterable<Uint8Array>,
  code: BadBytesCode,
  before?: RewardSum,
): RewardSum | undefined {
  let sum = before;
  for (const payload of records) {
    const record = decodeRecord(payload, code);
    if (record.kind === "step") sum = withRecorded(sum, record.reward);
  }
  return sum;
}

/**
 * Decodes the payload of a VOLATILE frame.
 *
 * @throws {@link SameseedError} `code`
 */
export function decodeVolatile(payload: Uint8Array, code: BadBytesCode): VolatileInfo {
  const entries = expectMap(decodeCbor(payload, code, { opaque: true }), code, "volatile info");
  const beside = entryOf(entries, "ledger");
  return {
    k: expectInteger(required(entries, "k", code), code, "k"),
    info: expectMap(required(entries, "info", code), code, "info"),
    ...(beside === undefined ? {} : { ledger: expectLedger(beside, code) }),
  };
}

/**
 * Decodes the payload of an END frame.
 *
 * @throws {@link SameseedError} `code`
 */
export function decodeEnd(payload: Uint8Array, code: BadBytesCode): EndSummary {
  const entries = expectMap(decodeCbor(payload, code), code, "the summary");
  const field = (name: string): CborValue => required(entries, name, code);
  const totalReward = field("totalReward");
  const sum = rewardOf(totalReward);
  if (totalReward.type !== "float" && totalReward.type !== "list" && totalReward.type !== "map") {
    if (totalReward.type !== "null") return failRecord(code, "the total reward is no sum");
  } else if (sum === null || (typeof sum === "object" && JSON.stringify(sum).length > maxSumCharacters))
    return failRecord(code, "the total reward is no sum of numbers");
  const order = field("orderDigest");
  if (order.type !== "bytes" || order.value.length !== 32)
    return failRecord(code, "the order digest is not 32 bytes");
  const error = entryOf(entries, "error");
  const notHeld = entryOf(entries, "notHeld");
  const spaces = entryOf(entries, "spaces");
  return {
    outcome: expectOutcome(field("outcome"), code),
    steps: expectInteger(field("steps"), code, "steps"),
    totalReward: sum,
    seeded: expectTexts(field("seeded"), code, "seeded"),
    warnings: expectTexts(field("warnings"), code, "warnings"),
    volatile: expectTexts(field("volatile"), code, "volatile"),
    orderDigest: Buffer.from(order.value).toString("hex"),
    ...(notHeld === undefined ? {} : { notHeld: expectTexts(notHeld, code, "notHeld") }),
    ...(spaces === undefined ? {} : { spaces }),
    ...(error === undefined ? {} : { error: decodeEndError(expectMap(error, code, "error"), code) }),
  };
}

/**
 * Checks that a summary tells of the same rollout as its chain: the same outcome after as many steps.
 *
 * @throws {@link SameseedError} `code`
 */
export function checkSummary(summary: EndSummary, chain: TrajectoryDigests, code: BadBytesCode): void {
  if (summary.outcome !== chain.outcome)
    failRecord(code, `the summary says ${summary.outcome}, the closing record ${chain.outcome ?? "nothing"}`);
  if (summary.steps !== chain.steps)
    failRecord(code, `the summary counts ${summary.steps} steps, the chain ${chain.steps}`);
}

/** The outcome a closing record's or summary's text names. */
export function expectOutcome(value: CborValue, code: BadBytesCode): Outcome {
  if (value.type !== "text" || !isOutcome(value.value)) return failRecord(code, "an outcome is unknown");
  return value.value;
}

/** Throws the error for a record that is canonical but not of format 2. */
export function failRecord(code: BadBytesCode, problem: string): never {
  throw new SameseedError(code, `the recording is not of format 2: ${problem}`, { context: { problem } });
}

function decodeEndError(entries: readonly CborField[], code: BadBytesCode): EndError {
  const text = (name: string): string => {
    const value = required(entries, name, code);
    return value.type === "text" ? value.value : failRecord(code, `the error's ${name} is not a text`);
  };
  const step = required(entries, "step", code);
  const by = text("by");
  if (by !== "environment" && by !== "policy") return failRecord(code, "a fault has no owner");
  const kind = text("kind");
  if (!isFaultKind(kind)) return failRecord(code, "a fault is of an unknown kind");
  const seat = entryOf(entries, "seat");
  if (seat !== undefined && seat.type !== "text") return failRecord(code, "the error's seat is not a text");
  return {
    ...(seat === undefined ? {} : { seat: seat.value }),
    type: text("type"),
    message: text("message"),
    traceback: text("traceback"),
    step: step.type === "null" ? null : expectInteger(step, code, "step"),
    by,
    kind,
  };
}

function isFaultKind(text: string): text is FaultKind {
  return (faultKinds as readonly string[]).includes(text);
}

/** Whether a record's fields are these, with a ledger after `hidden` or without one. */
function hasKeys(fields: readonly { readonly name: string }[], keys: readonly string[]): boolean {
  let at = 0;
  for (const key of keys) {
    if (fields[at++]?.name !== key) return false;
    if (key === "hidden" && fields[at]?.name === "ledger") at++;
  }
  return at === fields.length;
}

/** A map of counts, none of them zero: an empty ledger is not written. */
function expectLedger(value: CborValue, code: BadBytesCode): Ledger {
  const entries = expectMap(value, code, "the ledger");
  if (entries.length === 0) failRecord(code, "a ledger is empty");
  const counts = entries.map(
    ([kind, count]) => [kind, expectInteger(count, code, `ledger.${kind}`)] as const,
  );
  for (const [kind, count] of counts) if (count === 0) failRecord(code, `ledger.${kind} is zero`);
  return Object.fromEntries(counts);
}

function required(entries: readonly CborField[], name: string, code: BadBytesCode): CborValue {
  return entryOf(entries, name) ?? failRecord(code, `${name} is missing`);
}

function expectMap(value: CborValue, code: BadBytesCode, what: string): readonly CborField[] {
  return value.type === "map" ? value.entries : failRecord(code, `${what} is not a map`);
}

function expectInteger(value: CborValue, code: BadBytesCode, what: string): number {
  if (value.type !== "int" || value.value < 0n || value.value > BigInt(Number.MAX_SAFE_INTEGER))
    return failRecord(code, `${what} is not an integer from 0 to 2^53 - 1`);
  return Number(value.value);
}

function expectTexts(value: CborValue, code: BadBytesCode, what: string): readonly string[] {
  if (value.type !== "list") return failRecord(code, `${what} is not a list`);
  return value.items.map((item) =>
    item.type === "text" ? item.value : failRecord(code, `${what} is not a list of texts`),
  );
}
