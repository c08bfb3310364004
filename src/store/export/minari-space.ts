import { SameseedError } from "../../base/error.ts";
import { NdArray } from "../../model/cbor/ndarray.ts";
import { elementReader } from "../../model/cbor/elements.ts";
import type { CborValue, ElementType } from "../../model/cbor/value.ts";
import type { Space } from "../../model/spaces.ts";
import { type ColumnKind, listOf } from "./column.ts";

/** A space that a dataset of Minari can have here, as its loader reads it, and the type of its column. */
export interface MinariSpace {
  readonly serialized: string;
  readonly kind: ColumnKind;
}

/**
 * A space in Minari's own words (`minari/serialization.py`).
 * @throws `bad_argument` for a space whose values are no single array or number
 */
export function minariSpace(space: Space | undefined, which: string): MinariSpace {
  if (space?.type === "Discrete") {
    const { n, start } = space;
    const kind = { kind: "int64" } as const;
    return { serialized: JSON.stringify({ type: "Discrete", dtype: "int64", start, n }), kind };
  }
  if (space?.type === "Box") {
    const { dtype, shape } = space;
    const bounds = `"low": ${boundText(space.low, shape)}, "high": ${boundText(space.high, shape)}`;
    const head = `"type": "Box", "dtype": ${JSON.stringify(dtype)}, "shape": ${JSON.stringify(shape)}`;
    return { serialized: `{${head}, ${bounds}}`, kind: arrayKind(dtype, shape, which) };
  }
  if (space?.type === "MultiDiscrete") {
    const { dtype, shape, nvec, start } = space;
    const parts = { nvec: boundText(nvec, shape), start: boundText(start, shape) };
    return {
      serialized: `{"type": "MultiDiscrete", "dtype": ${JSON.stringify(dtype)}, "nvec": ${parts.nvec}, "start": ${parts.start}}`,
      kind: arrayKind(dtype, shape, which),
    };
  }
  if (space?.type === "MultiBinary") {
    const { dtype, shape } = space;
    const n = shape.length === 1 ? shape[0] : shape;
    return { serialized: JSON.stringify({ type: "MultiBinary", n }), kind: arrayKind(dtype, shape, which) };
  }
  throw new SameseedError(
    "bad_argument",
    `the ${which} space is ${space === undefined ? "not in the recording" : `a ${space.type}`}, which this export does not write for Minari`,
    {
      hint: "export the steps as parquet or jsonl: Minari gets Box, Discrete, MultiDiscrete and MultiBinary",
      context: { space: space?.type ?? null },
    },
  );
}

function arrayKind(dtype: string, shape: readonly number[], which: string): ColumnKind {
  const kind = listOf({ dtype: dtype as ElementType, shape });
  if (kind !== undefined) return kind;
  throw new SameseedError(
    "bad_argument",
    `the ${which} space has arrays of ${dtype}, which no column holds`,
    {
      hint: "export the steps as jsonl",
    },
  );
}

/**
 * Whether a space's column has room for a value: an array of another type than the space's would be rounded or wrap around.
 * @param kind of a space, or `float64` for a reward
 */
export function fitsMinari(value: CborValue, kind: ColumnKind): boolean {
  if (kind.kind === "list")
    return (
      value.type === "ndarray" && value.dtype === kind.array.dtype && sizeOf(value.shape) === kind.length
    );
  if (value.type === "float") return kind.kind === "float64";
  const number = wholeNumber(value);
  if (number === undefined)
    return kind.kind === "float64" && value.type === "ndarray" && sizeOf(value.shape) === 1;
  return kind.kind === "float64"
    ? BigInt(Number(number)) === number
    : kind.kind === "int64" && BigInt.asIntN(64, number) === number;
}

/** The integer that a value is, alone or as the one element of an array. */
function wholeNumber(value: CborValue): bigint | undefined {
  if (value.type === "int") return value.value;
  if (value.type !== "ndarray" || sizeOf(value.shape) !== 1 || !value.dtype.includes("int")) return undefined;
  return BigInt(elementReader(value)(0));
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** Nested lists as Python's json reads them, infinities included; a bound that is the same everywhere is written out. */
function boundText(bound: NdArray, shape: readonly number[]): string {
  const values = [...bound.data].map((value) => numberText(value));
  const size = sizeOf(shape);
  const flat = values.length === size ? values : Array.from({ length: size }, () => values[0] ?? "0");
  return nested(flat, shape);
}

function numberText(value: number | bigint | boolean): string {
  if (typeof value === "number" && !Number.isFinite(value))
    return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
  return String(value);
}

function nested(flat: readonly string[], shape: readonly number[]): string {
  const [length, ...rest] = shape;
  if (length === undefined) return flat[0] ?? "0";
  const size = flat.length / (length || 1);
  const parts = Array.from({ length }, (_, at) => nested(flat.slice(at * size, (at + 1) * size), rest));
  return `[${parts.join(", ")}]`;
}
