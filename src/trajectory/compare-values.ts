import { elementBytes } from "../model/cbor/arrays.ts";
import { elementReader } from "../model/cbor/elements.ts";
import type { CborArray, CborPair, CborStringArray, CborValue } from "../model/cbor/value.ts";
import {
  absent,
  describeElement,
  describeText,
  describeValue,
  typeName,
  type Described,
} from "./describe-value.ts";
import { elementUlps, floatUlps } from "./ulps.ts";

/** Byte strings up to this size are compared and shown whole; the place inside a longer one is its offset. */
const maxWholeBytes = 64;

/** The first place at which two values differ. */
export interface ValueDifference {
  /** Such as `observation[2]` or `info.episode.t`. */
  readonly path: string;
  readonly expected: Described;
  readonly actual: Described;
  /** For two floats of one type: how many representable values lie between them. */
  readonly ulps?: number;
}

type Sequence = Extract<CborValue, { items: readonly CborValue[] }>;
type Fields = Extract<CborValue, { type: "map" | "namedtuple" | "dataclass" }>;
type Pairs = Extract<CborValue, { type: "pairs" }>;

/** Finds the first place at which two decoded values differ; undefined where they are equal. */
export function compareValues(a: CborValue, b: CborValue, path: string): ValueDifference | undefined {
  if (a.type !== b.type || typeName(a) !== typeName(b)) return wholly(a, b, path);
  switch (a.type) {
    case "float":
      return b.type === a.type && !Object.is(a.value, b.value)
        ? { ...wholly(a, b, path), ...floatUlps(a.value, b.value) }
        : undefined;
    case "text":
      return b.type === a.type ? compareTexts(a.value, b.value, path) : undefined;
    case "bytes":
      return b.type === a.type ? compareBytes(a.value, b.value, path) : undefined;
    case "list":
    case "tuple":
      return "items" in b && a.type === b.type ? compareItems(a, b, path) : undefined;
    case "set":
    case "frozenset":
      return "items" in b && a.type === b.type && compareItems(a, b, path) ? wholly(a, b, path) : undefined;
    case "map":
    case "namedtuple":
    case "dataclass":
      return b.type === a.type ? compareFields(a, b, path) : undefined;
    case "pairs":
      return b.type === a.type ? comparePairs(a, b, path) : undefined;
    case "enum":
      if (b.type !== a.type) return undefined;
      return a.member === b.member ? compareValues(a.value, b.value, `${path}.value`) : wholly(a, b, path);
    case "ndarray":
      return b.type === a.type ? compareArrays(a, b, path) : undefined;
    case "stringarray":
      return b.type === a.type ? compareStringArrays(a, b, path) : undefined;
    case "bool":
    case "int":
      return b.type === a.type && a.value !== b.value ? wholly(a, b, path) : undefined;
    case "null":
    case "opaque":
      break;
  }
  return undefined;
}

/** A path with the name of a part added. */
function joinName(path: string, name: string): string {
  return /^[\p{ID_Start}_][\p{ID_Continue}]*$/u.test(name)
    ? `${path}.${name}`
    : `${path}[${JSON.stringify(name)}]`;
}

function wholly(a: CborValue, b: CborValue, path: string): ValueDifference {
  return { path, expected: describeValue(a), actual: describeValue(b) };
}

function describeOptional(value: CborValue | undefined): Described {
  return value === undefined ? absent : describeValue(value);
}

function compareTexts(a: string, b: string, path: string): ValueDifference | undefined {
  if (a === b) return undefined;
  let at = 0;
  while (a[at] === b[at]) at++;
  return { path, expected: describeText(a, at), actual: describeText(b, at) };
}

function compareBytes(a: Uint8Array, b: Uint8Array, path: string): ValueDifference | undefined {
  const at = firstDifference(a, b);
  if (at === undefined) return undefined;
  if (Math.max(a.length, b.length) <= maxWholeBytes)
    return wholly({ type: "bytes", value: a }, { type: "bytes", value: b }, path);
  const side = (byte: number | undefined): Described =>
    byte === undefined ? absent : describeElement("byte", byte);
  return { path: `${path}[${at}]`, expected: side(a[at]), actual: side(b[at]) };
}

function compareItems(a: Sequence, b: Sequence, path: string): ValueDifference | undefined {
  const common = Math.min(a.items.length, b.items.length);
  for (const [at, item] of a.items.slice(0, common).entries()) {
    const other = b.items[at];
    const difference = other && compareValues(item, other, `${path}[${at}]`);
    if (difference !== undefined) return difference;
  }
  if (a.items.length === b.items.length) return undefined;
  const expected = describeOptional(a.items[common]);
  return { path: `${path}[${common}]`, expected, actual: describeOptional(b.items[common]) };
}

function compareFields(a: Fields, b: Fields, path: string): ValueDifference | undefined {
  const others = new Map(b.entries);
  for (const [name, value] of a.entries) {
    const other = others.get(name);
    others.delete(name);
    const place = joinName(path, name);
    if (other === undefined) return { path: place, expected: describeValue(value), actual: absent };
    const difference = compareValues(value, other, place);
    if (difference !== undefined) return difference;
  }
  for (const [name, value] of others)
    return { path: joinName(path, name), expected: absent, actual: describeValue(value) };
  // The fields of a named tuple have an order of their own, which may be all that differs.
  return a.entries.every(([name], at) => b.entries[at]?.[0] === name) ? undefined : wholly(a, b, path);
}

function comparePairs(a: Pairs, b: Pairs, path: string): ValueDifference | undefined {
  for (let at = 0; at < Math.max(a.entries.length, b.entries.length); at++) {
    const first = a.entries[at];
    const second = b.entries[at];
    // Keys are sorted, so that equal keys stand side by side up to the first that only one side has.
    if (first === undefined || second === undefined || compareValues(first[0], second[0], "") !== undefined)
      return missingKey(a, first, second, path);
    const difference = compareValues(first[1], second[1], joinKey(path, first[0]));
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** The difference where two entries at one place have different keys: one of these the other side has not at all. */
function missingKey(
  a: Pairs,
  first: CborPair | undefined,
  second: CborPair | undefined,
  path: string,
): ValueDifference | undefined {
  const extra =
    second !== undefined && a.entries.every(([key]) => compareValues(key, second[0], "") !== undefined);
  if (second !== undefined && (extra || first === undefined))
    return { path: joinKey(path, second[0]), expected: absent, actual: describeValue(second[1]) };
  return first && { path: joinKey(path, first[0]), expected: describeValue(first[1]), actual: absent };
}

function joinKey(path: string, key: CborValue): string {
  return key.type === "text"
    ? joinName(path, key.value)
    : `${path}[${JSON.stringify(describeValue(key).value)}]`;
}

function compareArrays(a: CborArray, b: CborArray, path: string): ValueDifference | undefined {
  const byte = firstDifference(a.data, b.data);
  if (byte === undefined) return undefined;
  const index = Math.floor(byte / elementBytes[a.dtype]);
  return {
    path: `${path}${indices(a.shape, index)}`,
    expected: describeElement(a.dtype, elementReader(a)(index)),
    actual: describeElement(b.dtype, elementReader(b)(index)),
    ...elementUlps(a, b, index),
  };
}

function compareStringArrays(
  a: CborStringArray,
  b: CborStringArray,
  path: string,
): ValueDifference | undefined {
  for (const [index, item] of a.items.entries()) {
    const other = b.items[index];
    const place = `${path}${indices(a.shape, index)}`;
    let difference: ValueDifference | undefined;
    if (typeof item === "string")
      difference = typeof other === "string" ? compareTexts(item, other, place) : undefined;
    else if (other instanceof Uint8Array) difference = compareBytes(item, other, place);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

/** An index in C order as indices of each dimension, such as `[1][2]`. */
function indices(shape: readonly number[], index: number): string {
  let rest = index;
  let text = "";
  for (const size of shape.toReversed()) {
    text = `[${rest % size}]${text}`;
    rest = Math.floor(rest / size);
  }
  return text;
}

/** The offset of the first byte that differs or that only one side has; undefined for equal bytes. */
function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  const common = Math.min(a.length, b.length);
  for (let at = 0; at < common; at++) if (a[at] !== b[at]) return at;
  return a.length === b.length ? undefined : common;
}
