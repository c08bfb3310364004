import fc from "fast-check";
import { expect, test } from "vitest";

import { cborToJson } from "../../../src/model/cbor/to-json.ts";
import type { CborArray } from "../../../src/model/cbor/value.ts";
import type { JsonValue } from "../../../src/model/json.ts";
import { describeText, describeValue } from "../../../src/trajectory/describe-value.ts";
import { cborValue } from "../model/cbor/cbor-values.ts";

/** What is shown of a value, made of its whole JSON. */
function cut(value: JsonValue, depth = 0): JsonValue {
  if (typeof value === "string") return describeText(value, 0).value;
  if (typeof value === "number") return Object.is(value, -0) ? "-0.0" : value;
  if (typeof value !== "object" || value === null) return value;
  if (depth >= 4) return "…";
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  const shown = entries.slice(0, 16).map(([name, item]) => [name, cut(item, depth + 1)] as const);
  const more = entries.length - 16;
  if (isList) return [...shown.map(([, item]) => item), ...(more > 0 ? [`… ${more} more`] : [])];
  return Object.fromEntries(more > 0 ? [...shown, ["…", `${more} more`] as const] : shown);
}

test("what is shown of a value is the beginning of its whole JSON", () => {
  fc.assert(
    fc.property(cborValue, (value) => {
      if (value.type !== "enum") expect(describeValue(value).value).toStrictEqual(cut(cborToJson(value)));
    }),
  );
});

test("what is shown of arrays of any shape is the beginning of their whole JSON", () => {
  const shapes = fc.array(fc.nat(20), { maxLength: 4 });
  fc.assert(
    fc.property(shapes, fc.nat(3), (shape, nested) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const data = Uint8Array.from({ length: count }, (_, at) => at * 31);
      const array: CborArray = { type: "ndarray", dtype: "uint8", shape, data };
      const inside = { type: "map" as const, entries: [["a", array] as const] };
      const items = Array.from({ length: nested }, () => inside);
      const value = nested === 0 ? array : { type: "list" as const, items };
      expect(describeValue(value).value).toStrictEqual(cut(cborToJson(value)));
    }),
    { numRuns: 60 },
  );
});

test("a large array is shown without making all of it", () => {
  const shape = [3, 2 ** 40];
  const data = new Uint8Array(64);
  const array: CborArray = { type: "ndarray", dtype: "uint8", shape: [1, ...shape.slice(1)], data };
  expect(describeValue(array).value).toStrictEqual([
    [...Array<number>(16).fill(0), `… ${2 ** 40 - 16} more`],
  ]);
});
