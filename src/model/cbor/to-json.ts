/*
 * Values for people. JSON cannot hold all that a record holds, so this direction loses and is never hashed:
 *
 *  - an integer within ±(2^53 - 1) is a number, beyond it a decimal string, beyond 4,096 bits a hexadecimal one;
 *  - NaN and the infinities are the strings "NaN", "Infinity", "-Infinity"; a float that is whole looks like an integer,
 *    and -0.0 is the number -0, which `JSON.stringify` prints as 0;
 *  - a byte string is `{"$bytes": base64}`;
 *  - an array is nested lists, of shape [] its only element; without elements it is lists down to its empty dimension,
 *    or [] where those would be more than 4,096;
 *  - tuples and sets are lists, sets in the order of their encodings;
 *  - a map is an object; with other keys than texts a list of [key, value] pairs;
 *  - named tuples and dataclasses are objects of their fields, an enum member is its value, and so is an instance of a
 *    subclass;
 *  - what had no encoding is `{"$opaque": type name}`.
 */
import type { JsonValue } from "../json.ts";
import { elementReader } from "./elements.ts";
import type { CborArray, CborField, CborStringArray, CborValue } from "./value.ts";

const hugeInteger = 1n << 4096n;
const maxEmptyLists = 4096;

/** A decoded value as JSON for people: lossy, as the head of this file says, and never hashed. */
export function cborToJson(value: CborValue): JsonValue {
  switch (value.type) {
    case "null":
      return null;
    case "bool":
    case "text":
      return value.value;
    case "int":
      return integerToJson(value.value);
    case "float":
      return floatToJson(value.value);
    case "bytes":
      return bytesToJson(value.value);
    case "list":
    case "tuple":
    case "set":
    case "frozenset":
      return value.items.map(cborToJson);
    case "map":
    case "namedtuple":
    case "dataclass":
      return fieldsToJson(value.entries);
    case "pairs":
      return value.entries.map((pair) => pair.map(cborToJson));
    case "enum":
    case "typed":
      return cborToJson(value.value);
    case "ndarray":
      return arrayToJson(value);
    case "stringarray":
      return stringsToJson(value);
    case "opaque":
      break;
  }
  return { $opaque: value.name };
}

/** An element of an array as JSON. */
export function scalarToJson(value: number | bigint | boolean | string | Uint8Array): JsonValue {
  if (typeof value === "number") return floatToJson(value);
  if (typeof value === "bigint") return integerToJson(value);
  return typeof value === "object" ? bytesToJson(value) : value;
}

function integerToJson(value: bigint): JsonValue {
  if (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER))
    return Number(value);
  // Decimal digits of a huge integer take time that grows faster than its length; hexadecimal ones do not.
  if (value < hugeInteger && value > -hugeInteger) return value.toString();
  return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

function floatToJson(value: number): JsonValue {
  return Number.isFinite(value) ? value : String(value);
}

function bytesToJson(bytes: Uint8Array): JsonValue {
  const characters: string[] = [];
  for (let start = 0; start < bytes.length; start += 8192)
    characters.push(String.fromCharCode(...bytes.subarray(start, start + 8192)));
  return { $bytes: btoa(characters.join("")) };
}

function fieldsToJson(entries: readonly CborField[]): JsonValue {
  // `fromEntries` defines properties, so that a key such as `__proto__` stays a key.
  return Object.fromEntries(entries.map(([name, value]) => [name, cborToJson(value)]));
}

function arrayToJson(array: CborArray): JsonValue {
  const read = elementReader(array);
  return nest(array.shape, (index) => scalarToJson(read(index)));
}

function stringsToJson(array: CborStringArray): JsonValue {
  return nest(array.shape, (index) => scalarToJson(array.items[index] ?? ""));
}

/** Nested lists of a shape, filled in C order. */
function nest(shape: readonly number[], element: (index: number) => JsonValue): JsonValue {
  const empty = shape.indexOf(0);
  if (empty >= 0 && shape.slice(0, empty).reduce((count, size) => count * size, 1) > maxEmptyLists) return [];
  let next = 0;
  const build = (dimension: number): JsonValue => {
    const size = shape[dimension];
    if (size === undefined) return element(next++);
    const list: JsonValue[] = [];
    for (let at = 0; at < size; at++) list.push(build(dimension + 1));
    return list;
  };
  return build(0);
}
