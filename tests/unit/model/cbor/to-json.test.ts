import fc from "fast-check";
import { expect, test } from "vitest";
import { float16 } from "../../../../src/model/cbor/elements.ts";
import { cborToJson } from "../../../../src/model/cbor/to-json.ts";
import type { CborValue, ElementType } from "../../../../src/model/cbor/value.ts";
import { cborValue } from "./cbor-values.ts";

function array(dtype: ElementType, shape: number[], data: ArrayBufferView): CborValue {
  return { type: "ndarray", dtype, shape, data: new Uint8Array(data.buffer) };
}

test("every value becomes JSON that a text can hold", () => {
  fc.assert(
    fc.property(cborValue, (value) => {
      const json = cborToJson(value);
      const back: unknown = JSON.parse(JSON.stringify(json));
      expect(JSON.stringify(back)).toBe(JSON.stringify(json));
    }),
  );
});

test("integers keep their digits and floats their special values", () => {
  const int = (value: bigint): unknown => cborToJson({ type: "int", value });
  expect(int(2n ** 53n - 1n)).toBe(2 ** 53 - 1);
  expect(int(2n ** 53n)).toBe("9007199254740992");
  expect(int(-(2n ** 64n))).toBe("-18446744073709551616");
  expect(int(2n ** 5000n)).toBe(`0x${(2n ** 5000n).toString(16)}`);
  expect(int(-(2n ** 5000n))).toBe(`-0x${(2n ** 5000n).toString(16)}`);
  const floats = [NaN, Infinity, -Infinity, 0.1];
  expect(floats.map((value) => cborToJson({ type: "float", value }))).toEqual([
    "NaN",
    "Infinity",
    "-Infinity",
    0.1,
  ]);
});

test("arrays become nested lists, scalars themselves", () => {
  expect(cborToJson(array("float32", [2, 2], Float32Array.of(1, 0.5, NaN, -1)))).toEqual([
    [1, 0.5],
    ["NaN", -1],
  ]);
  expect(cborToJson(array("int64", [], BigInt64Array.of(-(2n ** 60n))))).toBe("-1152921504606846976");
  expect(cborToJson(array("bool", [2], Uint8Array.of(1, 0)))).toEqual([true, false]);
  expect(cborToJson(array("uint16", [1], Uint16Array.of(65535)))).toEqual([65535]);
  expect(cborToJson(array("float16", [1], Uint16Array.of(0x3555)))).toEqual([0.333251953125]);
  expect(
    cborToJson({ type: "stringarray", dtype: "str", width: 2, shape: [1, 2], items: ["a", "bb"] }),
  ).toEqual([["a", "bb"]]);
});

test("arrays without elements keep their outer dimensions while those are few", () => {
  expect(cborToJson(array("int8", [2, 0], new Uint8Array()))).toEqual([[], []]);
  expect(cborToJson(array("int8", [2 ** 40, 0], new Uint8Array()))).toEqual([]);
});

test("containers and named values become plain JSON", () => {
  const one: CborValue = { type: "int", value: 1n };
  expect(cborToJson({ type: "bytes", value: Buffer.from("abc") })).toEqual({ $bytes: "YWJj" });
  expect(cborToJson({ type: "tuple", items: [one] })).toEqual([1]);
  expect(cborToJson({ type: "pairs", entries: [[one, { type: "null" }]] })).toEqual([[1, null]]);
  expect(cborToJson({ type: "enum", name: "m.C", member: "A", value: one })).toBe(1);
  expect(cborToJson({ type: "opaque", name: "m.C" })).toEqual({ $opaque: "m.C" });
  const prototype = cborToJson({ type: "map", entries: [["__proto__", one]] });
  expect(JSON.stringify(prototype)).toBe('{"__proto__":1}');
});

test("half floats have their values, from subnormal to infinite", () => {
  expect([0x0000, 0x0001, 0x0400, 0x3c00, 0x7bff, 0x7c00, 0xfc00].map(float16)).toEqual([
    0,
    2 ** -24,
    2 ** -14,
    1,
    65504,
    Infinity,
    -Infinity,
  ]);
  expect(Object.is(float16(0x8000), -0)).toBe(true);
  expect(float16(0x7e00)).toBeNaN();
});
