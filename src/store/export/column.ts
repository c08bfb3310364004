import { elementReader } from "../../model/cbor/elements.ts";
import { cborToJson } from "../../model/cbor/to-json.ts";
import type { CborArray, CborValue, ElementType } from "../../model/cbor/value.ts";
import { SameseedError } from "../../base/error.ts";

/** What one cell of an exported column holds, as a writer of Parquet takes it. */
export type Cell =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly (boolean | number | bigint)[];

/** The types of single values. */
export type ScalarKind = "bool" | "int32" | "int64" | "float32" | "float64";

/** The type of a column. */
export type ColumnKind =
  | { readonly kind: ScalarKind | "text" | "json" }
  /** Numpy arrays of one type and shape: a list of so many elements, in C order. */
  | {
      readonly kind: "list";
      readonly element: ScalarKind;
      readonly length: number;
      readonly array: ArrayType;
      /** Whether readers see integers of the array's own width, and not the least of Parquet's that has room for them. */
      readonly exact?: true;
    }
  /** The same, where there are many elements: their bytes, little-endian, in C order. */
  | { readonly kind: "bytes"; readonly array: ArrayType };

/** What numpy calls an array. */
export interface ArrayType {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
}

/** From so many elements on an array is written as bytes: pictures, not vectors. */
const listMost = 1024;

const scalarKinds: Readonly<Record<ElementType, ScalarKind | undefined>> = {
  bool: "bool",
  int8: "int32",
  int16: "int32",
  int32: "int32",
  int64: "int64",
  uint8: "int32",
  uint16: "int32",
  uint32: "int64",
  // No type of Parquet's that readers agree about has room for them.
  uint64: undefined,
  float16: undefined,
  float32: "float32",
  float64: "float64",
};

/** The type that a value alone would have; undefined where any would do. */
export function kindOfValue(value: CborValue): ColumnKind | undefined {
  if (value.type === "null") return undefined;
  if (value.type === "ndarray") return kindOfArray(value);
  if (value.type === "int") return { kind: isExact(value.value) ? "int64" : "json" };
  if (value.type === "bool" || value.type === "text") return { kind: value.type };
  return { kind: value.type === "float" ? "float64" : "json" };
}

function kindOfArray(own: CborArray): ColumnKind {
  const { dtype, shape } = own;
  const element = scalarKinds[dtype];
  if (shape.length === 0) {
    const isLarge = element === "int64" && !isExact(BigInt(elementReader(own)(0)));
    return { kind: isLarge || element === undefined ? "json" : element };
  }
  const length = shape.reduce((product, size) => product * size, 1);
  const array = { dtype, shape };
  if (length > listMost) return { kind: "bytes", array };
  if (element === undefined || length === 0) return { kind: "json" };
  return { kind: "list", element, length, array };
}

/** A list for arrays of one type and shape, however many elements they have; undefined where no column has room for them. */
export function listOf(array: ArrayType): ColumnKind | undefined {
  const element = scalarKinds[array.dtype];
  const length = array.shape.reduce((product, size) => product * size, 1);
  return element === undefined || length === 0
    ? undefined
    : { kind: "list", element, length, array, exact: true };
}

/** The type of a column that has values of both: numbers become floats, anything else that differs JSON. */
export function commonKind(
  one: ColumnKind | undefined,
  other: ColumnKind | undefined,
): ColumnKind | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  if (JSON.stringify(one) === JSON.stringify(other)) return one;
  return isWidened(one) && isWidened(other) ? { kind: "float64" } : { kind: "json" };
}

/** Numbers that a binary64 has room for. */
function isWidened(column: ColumnKind): boolean {
  return ["int32", "int64", "float32", "float64"].includes(column.kind);
}

/**
 * A value as a cell of its column.
 * @throws `internal` where the column's type was not made of this value
 */
export function cellOf(value: CborValue | undefined, column: ColumnKind): Cell {
  if (value === undefined || value.type === "null") return null;
  if (column.kind === "json") return JSON.stringify(cborToJson(value));
  if (column.kind === "bytes" || column.kind === "list") {
    if (value.type !== "ndarray") throw wrongKind(value, column);
    return column.kind === "bytes" ? value.data : elementsOf(value, column.element);
  }
  return scalarOf(value, column.kind);
}

function elementsOf(array: CborArray, element: ScalarKind): readonly (boolean | number | bigint)[] {
  const read = elementReader(array);
  const length = array.shape.reduce((product, size) => product * size, 1);
  return Array.from({ length }, (_, at) => asScalar(read(at), element));
}

function scalarOf(value: CborValue, kind: ScalarKind | "text"): Cell {
  if (value.type === "ndarray" && kind !== "text") return asScalar(elementReader(value)(0), kind);
  if (value.type === "int") return kind === "float64" ? Number(value.value) : value.value;
  if (value.type === "bool" || value.type === "float" || value.type === "text") return value.value;
  throw wrongKind(value, { kind });
}

function asScalar(value: number | bigint | boolean, kind: ScalarKind): number | bigint | boolean {
  if (kind === "int64") return BigInt(value);
  return kind === "bool" || typeof value !== "bigint" ? value : Number(value);
}

/** Whether a binary64 has room for it, so that a column of integers and floats can be one of floats. */
function isExact(value: bigint): boolean {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);
}

function wrongKind({ type }: CborValue, { kind }: ColumnKind): SameseedError {
  return new SameseedError("internal", `a value of type ${type} came into a column of ${kind}`);
}
