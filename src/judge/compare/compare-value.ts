import { elementReader } from "../../model/cbor/elements.ts";
import type { CborArray, CborValue } from "../../model/cbor/value.ts";

/** {@link ValueComparison} with its defaults in place. */
export interface Comparison {
  readonly types: "strict" | "loose";
  readonly relTol: number;
  readonly absTol: number;
}

/** Where two values differ first, and how. */
export interface Difference {
  /** From the whole value, such as `[2].name`; empty for the value itself. */
  readonly path: string;
  readonly problem: string;
}

/** Elements of a set that are looked at one by one where their types do not count. */
const matchedMost = 2000;

/**
 * Compares a solution's value with the expected one; undefined where they are equal.
 *
 * Both are decoded bytes: no method of the solution's is asked, and only types of Python's own and numpy's can be there. A
 * NaN equals a NaN and nothing else, whatever the tolerance.
 */
export function differenceOf(
  expected: CborValue,
  actual: CborValue,
  how: Comparison,
  path = "",
): Difference | undefined {
  const [wanted, found] = [scalar(expected, how), scalar(actual, how)];
  if (isNumber(wanted) && isNumber(found)) return numbers(wanted, found, how, path);
  if (isSequence(wanted) && isSequence(found))
    return wanted.type === found.type || how.types === "loose"
      ? items(wanted.items, found.items, how, path)
      : otherType(wanted, found, path);
  if (isSet(wanted) && isSet(found))
    return wanted.type === found.type || how.types === "loose"
      ? sets(wanted.items, found.items, how, path)
      : otherType(wanted, found, path);
  if (wanted.type !== found.type) return otherType(wanted, found, path);
  return sameType(wanted, found, how, path);
}

function sameType(
  wanted: CborValue,
  found: CborValue,
  how: Comparison,
  path: string,
): Difference | undefined {
  if (wanted.type === "null") return undefined;
  if (wanted.type === "bool" || wanted.type === "text")
    return wanted.value === (found as typeof wanted).value ? undefined : other(path);
  if (wanted.type === "bytes")
    return Buffer.from(wanted.value).equals((found as typeof wanted).value) ? undefined : other(path);
  if (wanted.type === "map") {
    const theirs = (found as typeof wanted).entries;
    if (wanted.entries.length !== theirs.length) return { path, problem: "another number of keys" };
    return firstOf(wanted.entries, ([key, value], at) =>
      theirs[at]![0] === key
        ? differenceOf(value, theirs[at]![1], how, `${path}[${JSON.stringify(key)}]`)
        : { path, problem: `other keys: ${JSON.stringify(key)} is missing or too many` },
    );
  }
  if (wanted.type === "pairs") {
    const theirs = (found as typeof wanted).entries;
    if (wanted.entries.length !== theirs.length) return { path, problem: "another number of keys" };
    return firstOf(
      wanted.entries,
      ([key, value], at) =>
        differenceOf(key, theirs[at]![0], how, `${path}.key[${at}]`) ??
        differenceOf(value, theirs[at]![1], how, `${path}.value[${at}]`),
    );
  }
  if (wanted.type === "ndarray") return arrays(wanted, found as CborArray, how, path);
  if (wanted.type === "stringarray") {
    const theirs = found as typeof wanted;
    const same =
      wanted.dtype === theirs.dtype &&
      String(wanted.shape) === String(theirs.shape) &&
      wanted.items.every((item, at) => String(item) === String(theirs.items[at]));
    return same ? undefined : other(path);
  }
  // Named tuples, dataclasses and enums are of no plain value's type: whoever sends one has not used our encoder.
  return { path, problem: "a value of no plain type" };
}

type Items = Extract<CborValue, { readonly type: "list" | "tuple" | "set" | "frozenset" }>;
type NumberValue = Extract<CborValue, { readonly type: "int" | "float" }>;

function isNumber(value: CborValue): value is NumberValue {
  return value.type === "int" || value.type === "float";
}

function isSequence(value: CborValue): value is Items {
  return value.type === "list" || value.type === "tuple";
}

function isSet(value: CborValue): value is Items {
  return value.type === "set" || value.type === "frozenset";
}

/** A numpy scalar is a number where types do not count. */
function scalar(value: CborValue, { types }: Comparison): CborValue {
  if (types === "strict" || value.type !== "ndarray" || value.shape.length > 0) return value;
  return plainScalar(elementReader(value)(0), value.dtype);
}

function plainScalar(element: number | bigint | boolean, dtype: string): CborValue {
  if (typeof element === "boolean") return { type: "bool", value: element };
  if (typeof element === "bigint") return { type: "int", value: element };
  return dtype.startsWith("float")
    ? { type: "float", value: element }
    : { type: "int", value: BigInt(element) };
}

function numbers(
  wanted: NumberValue,
  found: NumberValue,
  how: Comparison,
  path: string,
): Difference | undefined {
  if (wanted.type !== found.type && how.types === "strict") return otherType(wanted, found, path);
  if (wanted.type === "int" && found.type === "int")
    return wanted.value === found.value ? undefined : other(path);
  // Loosely equal across types is exactly equal: an integer beyond 2^53 is no float's neighbour.
  if (wanted.value == found.value) return undefined;
  const [a, b] = [Number(wanted.value), Number(found.value)];
  if (Number.isNaN(a) && Number.isNaN(b)) return undefined;
  const isNear =
    Number.isFinite(a) &&
    Number.isFinite(b) &&
    Math.abs(a - b) <= Math.max(how.absTol, how.relTol * Math.abs(a)) &&
    (how.absTol > 0 || how.relTol > 0);
  return isNear ? undefined : other(path);
}

function arrays(wanted: CborArray, found: CborArray, how: Comparison, path: string): Difference | undefined {
  if (String(wanted.shape) !== String(found.shape)) return { path, problem: "another shape" };
  if (how.types === "strict" && wanted.dtype !== found.dtype)
    return { path, problem: `${found.dtype} where ${wanted.dtype} is expected` };
  const [read, theirs] = [elementReader(wanted), elementReader(found)];
  const count = wanted.shape.reduce((product, size) => product * size, 1);
  for (let at = 0; at < count; at++) {
    const [a, b] = [plainScalar(read(at), wanted.dtype), plainScalar(theirs(at), found.dtype)];
    const difference = differenceOf(a, b, how, `${path}.flat[${at}]`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function items(
  wanted: readonly CborValue[],
  found: readonly CborValue[],
  how: Comparison,
  path: string,
): Difference | undefined {
  if (wanted.length !== found.length)
    return { path, problem: `${found.length} items where ${wanted.length} are expected` };
  return firstOf(wanted, (value, at) => differenceOf(value, found[at]!, how, `${path}[${at}]`));
}

function sets(
  wanted: readonly CborValue[],
  found: readonly CborValue[],
  how: Comparison,
  path: string,
): Difference | undefined {
  if (wanted.length !== found.length)
    return { path, problem: `${found.length} elements where ${wanted.length} are expected` };
  // Sets come in the order of their elements' bytes: equal sets are equal element by element.
  if (how.types === "strict" || wanted.length > matchedMost) return items(wanted, found, how, path);
  const left = [...found];
  return firstOf(wanted, (value) => {
    const at = left.findIndex((each) => differenceOf(value, each, how) === undefined);
    if (at < 0) return { path, problem: "an element is missing" };
    left.splice(at, 1);
    return undefined;
  });
}

function firstOf<T>(
  values: readonly T[],
  look: (value: T, at: number) => Difference | undefined,
): Difference | undefined {
  for (const [at, value] of values.entries()) {
    const difference = look(value, at);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

function other(path: string): Difference {
  return { path, problem: "another value" };
}

function otherType(wanted: CborValue, found: CborValue, path: string): Difference {
  return { path, problem: `${found.type} where ${wanted.type} is expected` };
}
