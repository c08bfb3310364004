import type { CborReader } from "./reader.ts";
import { tags } from "./tags.ts";
import type { CborArray, CborStringArray, ElementType } from "./value.ts";

/** Bytes an element of an array takes. */
export const elementBytes: Readonly<Record<ElementType, number>> = {
  uint8: 1,
  uint16: 2,
  uint32: 4,
  uint64: 8,
  int8: 1,
  int16: 2,
  int32: 4,
  int64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
  bool: 1,
};

/** The tag of an array's elements: RFC 8746's, and one of Sameseed's own. */
export const elementTags: Readonly<Record<ElementType, number>> = {
  uint8: 64,
  uint16: 69,
  uint32: 70,
  uint64: 71,
  int8: 72,
  int16: 77,
  int32: 78,
  int64: 79,
  float16: 84,
  float32: 85,
  float64: 86,
  bool: tags.booleans,
};

const elementTypes: ReadonlyMap<number, ElementType> = new Map(
  Object.entries(elementTags).map(([dtype, tag]) => [tag, dtype as ElementType]),
);

const maxDimensions = 64;

/** An array in memory, where sizes of 0 count as 1. */
const maxArrayBytes = 2 ** 31 - 1;

/** Reads the content of tag 40, whose own head was read; `depth` is the content's. */
export function readArray(reader: CborReader, depth: number): CborArray | CborStringArray {
  reader.expectArray(2, "a shape and its elements");
  const inner = reader.enter(depth);
  const element = reader.enter(inner);
  const shape = readShape(reader);
  const tag = reader.expect(6, "an element type");
  if (tag === tags.texts || tag === tags.byteStrings) return readStrings(reader, shape, tag, element);
  const dtype = elementTypes.get(tag);
  if (dtype === undefined) reader.fail(`an array has elements of unknown tag ${tag}`);
  reader.expect(2, "a byte string of elements");
  const data = reader.takeBytes();
  if (data.length !== elementCount(reader, shape) * elementBytes[dtype])
    reader.fail("an array's elements do not fill its shape");
  checkSize(reader, shape, elementBytes[dtype]);
  checkElements(reader, dtype, data);
  return { type: "ndarray", dtype, shape, data };
}

function readShape(reader: CborReader): readonly number[] {
  const dimensions = reader.expect(4, "a shape");
  if (dimensions > maxDimensions) reader.fail(`an array has more than ${maxDimensions} dimensions`);
  const shape: number[] = [];
  for (let at = 0; at < dimensions; at++) {
    const size = reader.expect(0, "the size of a dimension");
    if (!Number.isSafeInteger(size)) reader.fail("a dimension is too large");
    shape.push(size);
  }
  return shape;
}

function checkSize(reader: CborReader, shape: readonly number[], bytes: number): void {
  const size = shape.reduce((product, length) => (length === 0 ? product : product * length), bytes);
  if (size > maxArrayBytes) reader.fail(`an array takes more than ${maxArrayBytes} bytes`);
}

function elementCount(reader: CborReader, shape: readonly number[]): number {
  if (shape.includes(0)) return 0;
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (count > reader.bytes.length) reader.fail("an array's elements do not fill its shape");
  }
  return count;
}

/** Booleans are 0 or 1, and every NaN is the canonical one: its other bits differ between processors. */
function checkElements(reader: CborReader, dtype: ElementType, data: Uint8Array): void {
  if (dtype === "bool") {
    if (data.some((element) => element > 1)) reader.fail("a boolean element is neither 0 nor 1");
  } else if (dtype === "float16") checkNaNs(reader, data, 2, 0x7c);
  else if (dtype === "float32") checkNaNs(reader, data, 4, 0x80);
  else if (dtype === "float64") checkNaNs(reader, data, 8, 0xf0);
}

/**
 * Checks the NaNs among little-endian floats. The exponent's bits fill the top byte up to the sign and, in the
 * wider types, `exponentBits` of the byte below; in float16 they are `exponentBits` of the top byte.
 */
function checkNaNs(reader: CborReader, data: Uint8Array, size: 2 | 4 | 8, exponentBits: number): void {
  const topBits = size === 2 ? exponentBits : 0x7f;
  for (let last = size - 1; last < data.length; last += size) {
    if (((data[last] ?? 0) & topBits) !== topBits) continue;
    if (size !== 2 && ((data[last - 1] ?? 0) & exponentBits) !== exponentBits) continue;
    checkNotFinite(reader, data, size, last);
  }
}

/** An element whose exponent is all ones is an infinity, or else the NaN whose only mantissa bit is the first. */
function checkNotFinite(reader: CborReader, data: Uint8Array, size: 2 | 4 | 8, last: number): void {
  const top = data[last] ?? 0;
  const below = data[last - 1] ?? 0;
  for (let at = last - size + 1; at < last - 1; at++)
    if (data[at] !== 0) reader.fail("a NaN is not the canonical one");
  const infinityTop = size === 2 ? 0x7c : 0x7f;
  const infinityBelow = size === 2 ? 0 : size === 4 ? 0x80 : 0xf0;
  const isInfinity = (top & 0x7f) === infinityTop && below === infinityBelow;
  const isNaN =
    size === 2 ? top === 0x7e && below === 0 : top === 0x7f && below === (infinityBelow | nanBit(size));
  if (!isInfinity && !isNaN) reader.fail("a NaN is not the canonical one");
}

function nanBit(size: 4 | 8): number {
  return size === 4 ? 0x40 : 0x08;
}

function readStrings(
  reader: CborReader,
  shape: readonly number[],
  tag: number,
  outer: number,
): CborStringArray {
  const dtype = tag === tags.texts ? "str" : "bytes";
  reader.expectArray(2, "a width and the elements");
  const width = reader.expect(0, "a width");
  if (!Number.isSafeInteger(width) || width === 0) reader.fail("a width is zero or too large");
  checkSize(reader, shape, dtype === "str" ? 4 * width : width);
  reader.enter(reader.enter(outer));
  reader.expect(4, "a list of elements");
  const count = reader.takeCount(1);
  if (count !== elementCount(reader, shape)) reader.fail("an array's elements do not fill its shape");
  const items: (string | Uint8Array)[] = [];
  for (let at = 0; at < count; at++) items.push(readStringElement(reader, dtype, width));
  return { type: "stringarray", dtype, width, shape, items };
}

function readStringElement(reader: CborReader, dtype: "str" | "bytes", width: number): string | Uint8Array {
  if (dtype === "bytes") {
    reader.expect(2, "a byte-string element");
    const element = reader.takeBytes();
    if (element.length > width) reader.fail("an element is wider than its array's");
    if (element.at(-1) === 0) reader.fail("an element ends in zero");
    return element;
  }
  const element = reader.readText("a text element");
  if (codePoints(element) > width) reader.fail("an element is wider than its array's");
  if (element.endsWith("\0")) reader.fail("an element ends in zero");
  return element;
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}
