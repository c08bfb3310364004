/*
 * The host's encoder: plain values (`docs/trajectory-format.md` §1), which is what an action may be. What it writes, the
 * sandbox's decoder takes under the profile that a policy's answers have, so nothing that it cannot take is sent.
 */
import { isSameseedError, SameseedError } from "../../base/error.ts";
import { elementBytes, elementTags } from "./arrays.ts";
import { ByteWriter } from "./byte-writer.ts";
import { decodeCbor } from "./decode.ts";
import { holds, NdArray, StringArray, toCborArray } from "./ndarray.ts";
import { tags } from "./tags.ts";
import { type ActionValue, type ElementList, Float } from "./typed-value.ts";
import type { ElementType } from "./value.ts";

/** The most bytes an action may have. */
export const maxActionBytes: number = 16 * 1024 * 1024;

const maxDepth = 32;
const maxDimensions = 32;
const maxIntegerBytes = 1024;
/** By how much the memory of padded texts may exceed all bytes of the value. */
const memoryPerByte = 64;

const elementTypes = new Map<unknown, ElementType>([
  [Uint16Array, "uint16"],
  [Uint32Array, "uint32"],
  [BigUint64Array, "uint64"],
  [Int8Array, "int8"],
  [Int16Array, "int16"],
  [Int32Array, "int32"],
  [BigInt64Array, "int64"],
  [Float32Array, "float32"],
  [Float64Array, "float64"],
]);

const smallest: readonly Uint8Array[] = Array.from({ length: 24 }, (_, n) => Uint8Array.of(n));

/**
 * Encodes an action as canonical CBOR.
 *
 * A number that is whole and within ±(2^53 - 1) is an integer, every other a float, and so is a whole one made by `float`;
 * -0 is a float. A bigint is an integer. A `Uint8Array` is a byte string, any other typed array an array of one dimension.
 *
 * @param most the most bytes it may have; what a server answers may have more than an action
 * @throws {@link SameseedError} `bad_argument`, with the path, for a value that cannot be an action
 */
export function encodePlain(value: ActionValue, most: number = maxActionBytes): Uint8Array {
  const small = typeof value === "number" ? smallest[value] : undefined;
  if (small !== undefined && !Object.is(value, -0)) return small;
  const encoder = new PlainEncoder();
  encoder.write(value, 0, "");
  return encoder.finish(most);
}

class PlainEncoder {
  readonly #writer = new ByteWriter();
  #paddedBytes = 0;
  /** Whether what was written can break a rule that only a reader of the whole sees: keys that are equal. */
  #isDoubtful = false;

  /** What was written, after checking what can be checked only now. */
  finish(most: number = maxActionBytes): Uint8Array {
    const bytes = this.#writer.take();
    if (bytes.length > most) refuse(`has ${bytes.length} bytes, where ${most} may be sent`, "");
    if (this.#paddedBytes > memoryPerByte * bytes.length)
      refuse("has texts or byte strings padded to many times their bytes", "");
    if (this.#isDoubtful) checkReadable(bytes);
    return bytes;
  }

  /** Writes a value inside `depth` containers. */
  write(value: unknown, depth: number, path: string): void {
    const writer = this.#writer;
    switch (typeof value) {
      case "boolean":
        return writer.byte(value ? 0xf5 : 0xf4);
      case "number":
        return this.#number(value);
      case "bigint":
        return this.#integer(value, depth, path);
      case "string":
        if (!value.isWellFormed()) refuse("holds a lone surrogate, which UTF-8 cannot write", path);
        return writer.text(value);
      case "object":
        return value === null ? writer.byte(0xf6) : this.#object(value, depth, path);
      case "undefined":
      case "function":
      case "symbol":
    }
    return refuse(`is of type ${typeof value}`, path);
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) this.#writer.float(value);
    else if (value >= 0) this.#writer.head(0, value);
    else this.#writer.head(1, -1 - value);
  }

  #integer(value: bigint, depth: number, path: string): void {
    const magnitude = value < 0n ? -1n - value : value;
    if (magnitude < 1n << 64n) return this.#writer.head(value < 0n ? 1 : 0, magnitude);
    enter(depth, path);
    const digits = magnitude.toString(16);
    const bytes = Uint8Array.from(
      digits.padStart(digits.length + (digits.length % 2), "0").match(/../g) ?? [],
      (pair) => Number.parseInt(pair, 16),
    );
    if (bytes.length > maxIntegerBytes) refuse(`is an integer of more than ${maxIntegerBytes} bytes`, path);
    this.#writer.head(6, value < 0n ? tags.negativeBignum : tags.positiveBignum);
    this.#writer.head(2, bytes.length);
    this.#writer.raw(bytes);
  }

  #object(value: object, depth: number, path: string): void {
    if (value instanceof Float) this.#writer.float(value.value);
    else if (value instanceof NdArray) this.#array(value, depth, path);
    else if (value instanceof StringArray) this.#strings(value, depth, path);
    else if (value instanceof Uint8Array) {
      this.#writer.head(2, value.length);
      this.#writer.raw(value);
    } else if (ArrayBuffer.isView(value)) {
      const dtype = elementTypes.get(value.constructor);
      if (dtype === undefined) refuse(`is a ${value.constructor.name}, which has no encoding`, path);
      this.#array(new NdArray(dtype, value as ElementList), depth, path);
    } else if (Array.isArray(value)) this.#list(value, depth, path);
    else if (value instanceof Map) this.#map(value, depth, path);
    else this.#dict(value, depth, path);
  }

  #list(items: readonly unknown[], depth: number, path: string): void {
    const inner = enter(depth, path);
    this.#writer.head(4, items.length);
    // Not `forEach`: it would pass over holes.
    for (let at = 0; at < items.length; at++) this.write(items[at], inner, `${path}[${at}]`);
  }

  #dict(value: object, depth: number, path: string): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && prototype !== Object.prototype) refuse("is an object of a class", path);
    if (Object.getOwnPropertySymbols(value).length > 0) refuse("has a symbol as a key", path);
    this.#entries(Object.entries(value), depth, path);
  }

  #entries(entries: readonly (readonly [string, unknown])[], depth: number, path: string): void {
    const inner = enter(depth, path);
    const keyed = entries.map(([key, item]) => {
      const encoder = new PlainEncoder();
      encoder.write(key, 0, path);
      return { key, item, bytes: encoder.finish() };
    });
    this.#writer.head(5, keyed.length);
    for (const { key, item, bytes } of keyed.sort(byBytes)) {
      this.#writer.raw(bytes);
      this.write(item, inner, `${path}.${key}`);
    }
  }

  #map(value: ReadonlyMap<unknown, unknown>, depth: number, path: string): void {
    const keys = [...value.keys()];
    if (keys.every((key) => typeof key === "string"))
      return this.#entries([...value] as [string, unknown][], depth, path);
    const inner = enter(enter(enter(depth, path), path), path);
    this.#isDoubtful = true;
    const keyed = [...value].map(([key, item]) => {
      if (typeof key === "object" && key !== null && !(key instanceof Float) && !(key instanceof Uint8Array))
        refuse("has a key of a kind that cannot be one", path);
      if (typeof key === "bigint" && (key >= 1n << 64n || key < -(1n << 64n)))
        refuse("has an integer of more than 64 bits as a key", path);
      const encoder = new PlainEncoder();
      encoder.write(key, inner, path);
      return { key, item, bytes: encoder.finish() };
    });
    this.#writer.head(6, tags.pairs);
    this.#writer.head(4, keyed.length);
    for (const { key, item, bytes } of keyed.sort(byBytes)) {
      this.#writer.head(4, 2);
      this.#writer.raw(bytes);
      this.write(item, inner, `${path}[${String(key)}]`);
    }
  }

  #array(array: NdArray, depth: number, path: string): void {
    const { dtype, shape, data } = array;
    if (!holds(dtype, data)) refuse(`is an array of ${dtype} whose elements are not`, path);
    // A tag, a list, and the list of its shape.
    this.#shape(shape, data.length, elementBytes[dtype], depth + 2, path);
    const bytes = toCborArray(array).data;
    if (dtype === "bool" && bytes.some((element) => element > 1))
      refuse("has a boolean element beside 0 and 1", path);
    this.#writer.head(6, elementTags[dtype]);
    this.#writer.head(2, bytes.length);
    this.#writer.raw(withCanonicalNaNs(array, bytes));
  }

  #strings({ dtype, width, shape, items }: StringArray, depth: number, path: string): void {
    this.#isDoubtful = true;
    const bytesEach = dtype === "str" ? 4 * width : width;
    // Two lists more than an array of numbers.
    this.#shape(shape, items.length, bytesEach, depth + 4, path);
    this.#paddedBytes += bytesEach * Math.max(items.length, 1);
    this.#writer.head(6, dtype === "str" ? tags.texts : tags.byteStrings);
    this.#writer.head(4, 2);
    this.#writer.head(0, width);
    this.#writer.head(4, items.length);
    for (const item of items) {
      if ((typeof item === "string") !== (dtype === "str"))
        refuse(`is an array of ${dtype} whose elements are not`, path);
      this.write(item, depth, path);
    }
  }

  /** Writes what comes before an array's elements. */
  #shape(shape: readonly number[], count: number, bytesEach: number, depth: number, path: string): void {
    const isShape =
      shape.length <= maxDimensions && shape.every((size) => Number.isSafeInteger(size) && size >= 0);
    const most = shape.reduce((product, size) => (size === 0 ? product : product * size), bytesEach);
    if (!isShape || most >= 2 ** 31 || shape.reduce((product, size) => product * size, 1) !== count)
      refuse(`is an array of ${count} elements, and of shape [${shape.join(", ")}]`, path);
    enter(depth, path);
    this.#writer.head(6, tags.array);
    this.#writer.head(4, 2);
    this.#writer.head(4, shape.length);
    for (const size of shape) this.#writer.head(0, size);
  }
}

function byBytes(a: { readonly bytes: Uint8Array }, b: { readonly bytes: Uint8Array }): number {
  const length = Math.min(a.bytes.length, b.bytes.length);
  for (let at = 0; at < length; at++) {
    const difference = a.bytes[at]! - b.bytes[at]!;
    if (difference !== 0) return difference;
  }
  return a.bytes.length - b.bytes.length;
}

/** A NaN's other bits differ between processors, so one pattern stands for all. */
function withCanonicalNaNs({ dtype, data }: NdArray, bytes: Uint8Array): Uint8Array {
  if (dtype === "float16") {
    const isNaN = (bits: number | bigint): boolean => (Number(bits) & 0x7fff) > 0x7c00;
    if (!(data as Uint16Array).some(isNaN)) return bytes;
    const clean = (data as Uint16Array).map((bits) => (isNaN(bits) ? 0x7e00 : bits));
    return new Uint8Array(clean.buffer);
  }
  if (dtype !== "float32" && dtype !== "float64") return bytes;
  const floats = data as Float32Array | Float64Array;
  let copy: Uint8Array | undefined;
  const size = elementBytes[dtype];
  for (let at = 0; at < floats.length; at++) {
    if (!Number.isNaN(floats[at])) continue;
    copy ??= bytes.slice();
    copy.fill(0, at * size, (at + 1) * size);
    copy.set(size === 4 ? [0xc0, 0x7f] : [0xf8, 0x7f], (at + 1) * size - 2);
  }
  return copy ?? bytes;
}

function checkReadable(bytes: Uint8Array): void {
  try {
    decodeCbor(bytes, "protocol_broken");
  } catch (error) {
    if (isSameseedError(error)) refuse(`is not canonical (${String(error.context["problem"])})`, "");
    throw error;
  }
}

function enter(depth: number, path: string): number {
  if (depth >= maxDepth) refuse(`is nested more than ${maxDepth} deep`, path);
  return depth + 1;
}

function refuse(problem: string, path: string): never {
  throw new SameseedError("bad_argument", `the action${path === "" ? "" : ` at ${path}`} ${problem}`, {
    context: { path },
    hint: "give null, booleans, numbers, bigints, texts, lists, plain objects, Maps, byte strings or NdArrays",
  });
}
