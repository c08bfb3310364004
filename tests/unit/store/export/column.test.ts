import { expect, it } from "vitest";

import type { CborValue } from "../../../../src/model/cbor/value.ts";
import { cellOf, type ColumnKind, commonKind, kindOfValue } from "../../../../src/store/export/column.ts";

const int = (value: bigint): CborValue => ({ type: "int", value });
const float = (value: number): CborValue => ({ type: "float", value });
const int64 = (value: bigint, shape: readonly number[] = []): CborValue => {
  const data = new Uint8Array(8);
  new DataView(data.buffer).setBigInt64(0, value, true);
  return { type: "ndarray", dtype: "int64", shape, data };
};
const bytes = (length: number, shape: readonly number[]): CborValue => ({
  type: "ndarray",
  dtype: "uint8",
  shape,
  data: Uint8Array.from({ length }, (_, at) => at),
});
const none: CborValue = { type: "null" };

function column(values: readonly CborValue[]): ColumnKind | undefined {
  return values.map(kindOfValue).reduce(commonKind, undefined);
}

it.each<[string, readonly CborValue[], ColumnKind | undefined, readonly unknown[]]>([
  ["nothing", [none], undefined, []],
  ["integers", [int(1n), none], { kind: "int64" }, [1n, null]],
  ["integers and floats", [int(1n), float(0.5), int64(2n)], { kind: "float64" }, [1, 0.5, 2]],
  ["floats with NaN and minus zero", [float(Number.NaN), float(-0)], { kind: "float64" }, [Number.NaN, -0]],
  [
    "integers beyond what a float has room for",
    [int(2n ** 60n), float(1)],
    { kind: "json" },
    [`"${2n ** 60n}"`, "1"],
  ],
  ["a large scalar of numpy", [int64(2n ** 60n)], { kind: "json" }, [`"${2n ** 60n}"`]],
  ["flags and integers", [{ type: "bool", value: true }, int(1n)], { kind: "json" }, ["true", "1"]],
  ["texts", [{ type: "text", value: "a" }], { kind: "text" }, ["a"]],
  ["dictionaries", [{ type: "map", entries: [["a", int(1n)]] }], { kind: "json" }, ['{"a":1}']],
  [
    "texts and lists",
    [
      { type: "text", value: "a" },
      { type: "list", items: [] },
    ],
    { kind: "json" },
    ['"a"', "[]"],
  ],
  [
    "arrays of one shape",
    [bytes(4, [2, 2])],
    { kind: "list", element: "int32", length: 4, array: { dtype: "uint8", shape: [2, 2] } },
    [[0, 1, 2, 3]],
  ],
  ["arrays of two shapes", [bytes(2, [2]), bytes(3, [3])], { kind: "json" }, ["[0,1]", "[0,1,2]"]],
  [
    "64-bit elements, however large",
    [int64(2n ** 60n, [1])],
    {
      kind: "list",
      element: "int64",
      length: 1,
      array: { dtype: "int64", shape: [1] },
    },
    [[2n ** 60n]],
  ],
  ["empty arrays", [bytes(0, [0, 3])], { kind: "json" }, ["[]"]],
])("writes %s without losing any", (_name, values, kind, cells) => {
  expect(column(values)).toEqual(kind);
  if (kind !== undefined) expect(values.map((value) => cellOf(value, kind))).toEqual(cells);
});

it("writes pictures as their bytes", () => {
  const picture = bytes(84 * 84, [84, 84]);
  expect(column([picture])).toEqual({ kind: "bytes", array: { dtype: "uint8", shape: [84, 84] } });
  expect(cellOf(picture, column([picture])!)).toEqual(picture.type === "ndarray" ? picture.data : null);
});
