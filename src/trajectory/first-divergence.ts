/*
 * Theory of operation. Links of the content chains of two trajectories are equal up to the last record that both
 * share and differ from there on, so a binary search over them finds the first record that differs. The content chain
 * serves for every pair: it starts from nothing, so that the manifests of a replay or of another image do not matter.
 * Inside that record the bytes of each field tell which fields differ, and only the first of those is decoded, to find
 * the place inside it. Which fields agree is then read off the remaining records.
 */
import { digestBytes } from "./chain.ts";
import { recordKind } from "./records.ts";
import type { TrajectoryChain } from "./trajectory-chain.ts";
import { decodeCbor } from "../model/cbor/decode.ts";
import { fieldSpans } from "../model/cbor/field-spans.ts";
import type { Divergence, RecordKind } from "../model/trajectory.ts";
import { compareValues, type ValueDifference } from "./compare-values.ts";
import { absent, describeValue, type Described } from "./describe-value.ts";

/** Fields by how much they tell: causes before what follows from them. */
const telling = [
  "end",
  "error",
  "action",
  "observation",
  "reward",
  "terminated",
  "truncated",
  "info",
  "hidden",
  "ledger",
];

/** A record cut into its fields' bytes. */
interface CutRecord {
  readonly kind: RecordKind | undefined;
  readonly fields: ReadonlyMap<string, Uint8Array>;
}

/**
 * Finds where two stored trajectories part; undefined where all their records are equal. Manifests are not compared.
 *
 * @throws {@link SameseedError} `run_damaged` where a record is not of format 2
 */
export function firstDivergence(expected: TrajectoryChain, actual: TrajectoryChain): Divergence | undefined {
  const place = firstUnequalLink(expected, actual);
  if (place === undefined) return undefined;
  const step = expected.first + place;
  const a = cutAt(expected, place);
  const b = cutAt(actual, place);
  const agreeing = agreeingFields(expected, actual, place);
  if (a === undefined || b === undefined || a.kind !== b.kind)
    return { step, ...lengthDivergence(expected, actual, place), agreeing };
  const differing = telling.filter((name) => !sameBytes(a.fields.get(name), b.fields.get(name)));
  const field = differing[0] ?? "k";
  const { path, expected: first, actual: second, ...ulps } = compareField(a, b, field);
  return {
    step,
    field,
    path,
    expected: first.value,
    actual: second.value,
    expectedType: first.type,
    actualType: second.type,
    ...ulps,
    differing,
    agreeing,
  };
}

/** The place of the first record whose links differ, or that only one of the two has. */
function firstUnequalLink(a: TrajectoryChain, b: TrajectoryChain): number | undefined {
  const common = Math.min(a.records.length, b.records.length);
  let low = 0;
  let high = common;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (sameBytes(linkAt(a, middle), linkAt(b, middle))) low = middle + 1;
    else high = middle;
  }
  return low === common && a.records.length === b.records.length ? undefined : low;
}

function linkAt(chain: TrajectoryChain, place: number): Uint8Array {
  return chain.contentLinks.subarray(place * digestBytes, (place + 1) * digestBytes);
}

function cutAt(chain: TrajectoryChain, place: number): CutRecord | undefined {
  const record = chain.records[place];
  if (record === undefined) return undefined;
  const spans = fieldSpans(record, "run_damaged");
  const fields = new Map(spans.map(({ name, start, end }) => [name, record.subarray(start, end)]));
  return { kind: recordKind(spans), fields };
}

/** The divergence of two trajectories of which one goes on, or closes, where the other does not. */
function lengthDivergence(
  expected: TrajectoryChain,
  actual: TrajectoryChain,
  place: number,
): Omit<Divergence, "step" | "agreeing"> {
  if (expected.digests.steps !== actual.digests.steps)
    return {
      field: "length",
      path: "length",
      expected: expected.digests.steps,
      actual: actual.digests.steps,
      expectedType: "steps",
      actualType: "steps",
      differing: ["length"],
    };
  const first = endAt(expected, place);
  const second = endAt(actual, place);
  return {
    field: "end",
    path: "end",
    expected: first.value,
    actual: second.value,
    expectedType: first.type,
    actualType: second.type,
    differing: ["end"],
  };
}

function endAt(chain: TrajectoryChain, place: number): Described {
  return describeField(cutAt(chain, place)?.fields.get("end"));
}

function compareField(a: CutRecord, b: CutRecord, field: string): ValueDifference {
  const first = a.fields.get(field);
  const second = b.fields.get(field);
  const difference =
    first !== undefined && second !== undefined
      ? compareValues(decodeCbor(first, "run_damaged"), decodeCbor(second, "run_damaged"), field)
      : undefined;
  return difference ?? { path: field, expected: describeField(first), actual: describeField(second) };
}

function describeField(bytes: Uint8Array | undefined): Described {
  return bytes === undefined ? absent : describeValue(decodeCbor(bytes, "run_damaged"));
}

/** The fields whose bytes are equal in every record that both have; records before `from` are known to be equal. */
function agreeingFields(a: TrajectoryChain, b: TrajectoryChain, from: number): readonly string[] {
  const agrees = new Map<string, boolean>();
  const note = (k: number): void => {
    const first = cutAt(a, k);
    const second = cutAt(b, k);
    if (first === undefined || second === undefined || first.kind !== second.kind) return;
    for (const name of new Set([...first.fields.keys(), ...second.fields.keys()]))
      if (agrees.get(name) !== false)
        agrees.set(name, sameBytes(first.fields.get(name), second.fields.get(name)));
  };
  // The reset and the first step stand for all equal records before the divergence.
  for (let k = 0; k < Math.min(from, 2); k++) note(k);
  const common = Math.min(a.records.length, b.records.length);
  for (let k = from; k < common; k++) note(k);
  return telling.filter((name) => agrees.get(name) === true);
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return Buffer.compare(a, b) === 0;
}
