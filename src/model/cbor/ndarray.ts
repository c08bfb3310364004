import { elementBytes } from "./arrays.ts";
import { elementReader } from "./elements.ts";
import type { CborArray, ElementType } from "./value.ts";

/** The elements of an {@link NdArray}, by its dtype. */
export interface ElementArrays {
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  /** The bits of each element: not every JavaScript has an array of half floats. */
  float16: Uint16Array;
  float32: Float32Array;
  float64: Float64Array;
  /** 0 or 1. */
  bool: Uint8Array;
}

/** One element as JavaScript has it: `bigint` for the 64-bit integers, whatever their size. */
export type NdElement = number | bigint | boolean;

/** Elements in nested lists, as {@link NdArray.toList} gives them. */
export type NdList = NdElement | readonly NdList[];

const constructors: {
  readonly [D in ElementType]: new (
    buffer: ArrayBufferLike,
    byteOffset: number,
    length: number,
  ) => ElementArrays[D];
} = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  bool: Uint8Array,
};

/**
 * A numpy array of numbers or booleans. A numpy scalar, such as `numpy.int64(3)`, is the array of shape `[]`.
 *
 * @example
 * const action = new NdArray("float32", Float32Array.of(0.25, -1), [2]);
 * const [first] = action.data;
 */
export class NdArray<D extends ElementType = ElementType> {
  /** Numpy's name of the element type. */
  readonly dtype: D;
  /** Outermost dimension first. */
  readonly shape: readonly number[];
  /** The elements in C order. Where it was decoded, a view of the recorded bytes if they are aligned, else a copy. */
  readonly data: ElementArrays[D];

  /**
   * @param data the elements in C order; the array keeps it as it is
   * @param shape outermost dimension first. @default `[data.length]`
   */
  constructor(dtype: D, data: ElementArrays[D], shape: readonly number[] = [data.length]) {
    this.dtype = dtype;
    this.data = data;
    this.shape = shape;
  }

  /** The number of elements. */
  get size(): number {
    return this.data.length;
  }

  /** The element at an index in C order: the only one of a scalar at 0. */
  item(index: number = 0): NdElement {
    return elementReader(toCborArray(this))(index);
  }

  /** The elements as nested lists; the element itself for the shape `[]`. */
  toList(): NdList {
    const read = elementReader(toCborArray(this));
    let next = 0;
    const build = (dimension: number): NdList => {
      const length = this.shape[dimension];
      if (length === undefined) return read(next++);
      return Array.from({ length }, () => build(dimension + 1));
    };
    return build(0);
  }
}

/** A numpy array of texts or byte strings. */
export class StringArray {
  readonly dtype: "str" | "bytes";
  /** The room of an element: code points for `str`, bytes for `bytes`. */
  readonly width: number;
  readonly shape: readonly number[];
  /** The elements in C order. */
  readonly items: readonly (string | Uint8Array)[];

  constructor(
    dtype: "str" | "bytes",
    width: number,
    shape: readonly number[],
    items: readonly (string | Uint8Array)[],
  ) {
    this.dtype = dtype;
    this.width = width;
    this.shape = shape;
    this.items = items;
  }
}

/** A decoded array with its elements as a typed array: a view where they are aligned, else a copy. */
export function toNdArray({ dtype, shape, data }: CborArray): NdArray {
  const size = elementBytes[dtype];
  const aligned = data.byteOffset % size === 0 ? data : new Uint8Array(data);
  const make = constructors[dtype];
  return new NdArray(dtype, new make(aligned.buffer, aligned.byteOffset, aligned.byteLength / size), shape);
}

/** The elements as bytes, as the encoding has them; a view. */
export function toCborArray({ dtype, shape, data }: NdArray): CborArray {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { type: "ndarray", dtype, shape, data: bytes };
}

/** Whether a typed array is of the kind that holds this dtype. */
export function holds(dtype: ElementType, data: unknown): data is ElementArrays[ElementType] {
  return Object.hasOwn(constructors, dtype) && data instanceof constructors[dtype];
}
