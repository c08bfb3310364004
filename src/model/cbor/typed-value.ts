/*
 * Values for programs. Types survive as far as JavaScript has them, and further where it matters:
 *
 *  - an integer within ±(2^53 - 1) is a number, beyond it a bigint; a float is a number;
 *  - an array is an NdArray, a numpy scalar the NdArray of shape []; an array of texts or byte strings is a StringArray;
 *  - a byte string is a Uint8Array;
 *  - a list and a tuple are lists; a set and a frozen set are Sets;
 *  - a map is an object; with other keys than texts a Map;
 *  - named tuples and dataclasses are objects of their fields, an enum member is its value.
 *
 * Which of two kinds a value was is in the record itself (`Trajectory.records()`).
 */
import { type NdArray, StringArray, toNdArray } from "./ndarray.ts";
import type { CborField, CborValue } from "./value.ts";

/** An observation, an info or another value of a record, with its types. */
export type TypedValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | NdArray
  | StringArray
  | readonly TypedValue[]
  | ReadonlySet<TypedValue>
  | ReadonlyMap<TypedValue, TypedValue>
  | TypedObject;

/** A dict whose keys are texts. */
export interface TypedObject {
  readonly [key: string]: TypedValue;
}

/** A number that is a float for Python even where it is whole: made by {@link float}. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A typed array: an array of one dimension, with the dtype of its elements. A `Uint8Array` is a byte string. */
export type ElementList =
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/** What can be sent as an action. */
export type ActionValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Float
  | Uint8Array
  | ElementList
  | NdArray
  | StringArray
  | readonly ActionValue[]
  | ReadonlyMap<ActionValue, ActionValue>
  | { readonly [key: string]: ActionValue };

/** A number that Python takes for a float: `float(1)` is `1.0`, and `1` is the integer. */
export function float(value: number): Float {
  return new Float(value);
}

/** A decoded value as a program has it. */
export function toTyped(value: CborValue): TypedValue {
  switch (value.type) {
    case "null":
      return null;
    case "bool":
    case "text":
    case "float":
      return value.value;
    case "bytes":
      return plainBytes(value.value);
    case "int":
      return toInteger(value.value);
    case "list":
    case "tuple":
      return value.items.map(toTyped);
    case "set":
    case "frozenset":
      return new Set(value.items.map(toTyped));
    case "map":
    case "namedtuple":
    case "dataclass":
      return toObject(value.entries);
    case "pairs":
      return new Map(value.entries.map(([key, inner]) => [toTyped(key), toTyped(inner)]));
    case "enum":
      return toTyped(value.value);
    case "ndarray":
      return toNdArray(value);
    case "stringarray":
      return new StringArray(value.dtype, value.width, value.shape, value.items);
    case "opaque":
      break;
  }
  return { $opaque: value.name };
}

/** The fields of a map as an object. `fromEntries` defines properties, so that a key such as `__proto__` stays a key. */
export function toObject(entries: readonly CborField[]): TypedObject {
  return Object.fromEntries(entries.map(([name, inner]) => [name, toTyped(inner)]));
}

/** A recorded reward as a number: a scalar, or an array of one element. */
export function toReward(value: CborValue): number {
  if (value.type === "ndarray") return Number(toNdArray(value).item());
  return value.type === "int" || value.type === "float" || value.type === "bool" ? Number(value.value) : 0;
}

/** A recorded flag as a boolean. */
export function toFlag(value: CborValue): boolean {
  return toReward(value) !== 0;
}

/** A view of the same bytes that is a `Uint8Array` and no subclass of it. */
function plainBytes({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function toInteger(value: bigint): number | bigint {
  const isSafe = value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
  return isSafe ? Number(value) : value;
}
