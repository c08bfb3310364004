import type { CborArray, ElementType } from "./value.ts";

type ElementReader = (view: DataView, index: number) => number | bigint | boolean;

const readers: Readonly<Record<ElementType, ElementReader>> = {
  uint8: (view, index) => view.getUint8(index),
  uint16: (view, index) => view.getUint16(index * 2, true),
  uint32: (view, index) => view.getUint32(index * 4, true),
  uint64: (view, index) => view.getBigUint64(index * 8, true),
  int8: (view, index) => view.getInt8(index),
  int16: (view, index) => view.getInt16(index * 2, true),
  int32: (view, index) => view.getInt32(index * 4, true),
  int64: (view, index) => view.getBigInt64(index * 8, true),
  float16: (view, index) => float16(view.getUint16(index * 2, true)),
  float32: (view, index) => view.getFloat32(index * 4, true),
  float64: (view, index) => view.getFloat64(index * 8, true),
  bool: (view, index) => view.getUint8(index) === 1,
};

/** A function from an index in C order to that element of an array. */
export function elementReader(array: CborArray): (index: number) => number | bigint | boolean {
  const { data } = array;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const read = readers[array.dtype];
  return (index) => read(view, index);
}

/** The value of an IEEE 754 binary16, given its bits. */
export function float16(bits: number): number {
  const sign = (bits & 0x8000) === 0 ? 1 : -1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent < 0x1f) return sign * (1024 + fraction) * 2 ** (exponent - 25);
  return fraction === 0 ? sign * Infinity : NaN;
}
