import fc from "fast-check";
import { expect, test } from "vitest";
import type { CborValue, ElementType } from "../../../src/model/cbor/value.ts";
import { compareValues } from "../../../src/trajectory/compare-values.ts";
import { bool, bytes, float, float32s, int, map, text } from "./trajectories.ts";
import { cborValue } from "../model/cbor/cbor-values.ts";
import { encodeCbor } from "../model/cbor/encode-cbor.ts";

const nothing: CborValue = { type: "null" };

function list(...items: CborValue[]): CborValue {
  return { type: "list", items };
}

function array(dtype: ElementType, shape: number[], data: ArrayBufferView): CborValue {
  return { type: "ndarray", dtype, shape, data: new Uint8Array(data.buffer) };
}

function difference(a: CborValue, b: CborValue): unknown {
  const found = compareValues(a, b, "v");
  if (found === undefined) return undefined;
  const { path, expected, actual, ...rest } = found;
  return [path, expected.type, expected.value, actual.type, actual.value, ...Object.values(rest)];
}

test("two values differ exactly when their encodings do", () => {
  fc.assert(
    fc.property(cborValue, cborValue, (a, b) => {
      expect(compareValues(a, a, "v")).toBeUndefined();
      expect(compareValues(a, b, "v") === undefined).toBe(encodeCbor(a).equals(encodeCbor(b)));
    }),
    { numRuns: 1000 },
  );
});

test("what is reported can be printed, however large the values are", () => {
  fc.assert(
    fc.property(fc.array(cborValue, { maxLength: 40 }), (items) => {
      const found = compareValues(list(...items), nothing, "v");
      expect(JSON.stringify(found).length).toBeLessThan(2_000_000);
    }),
  );
  const large = array("uint8", [300, 300], new Uint8Array(90_000));
  const text100k = text("x".repeat(100_000));
  for (const value of [
    large,
    text100k,
    list(large, text100k),
    bytes(new Uint8Array(90_000)),
    int(2n ** 9999n),
  ])
    expect(JSON.stringify(compareValues(value, nothing, "v")).length).toBeLessThan(6000);
});

test.each<[string, CborValue, CborValue, unknown[]]>([
  ["an int and a float", int(1), float(1), ["v", "int", 1, "float", 1]],
  [
    "a float32 and a float64",
    float32s(1),
    array("float64", [1], Float64Array.of(1)),
    ["v", "float32[1]", [1], "float64[1]", [1]],
  ],
  [
    "two shapes",
    array("int8", [2, 1], Int8Array.of(1, 2)),
    array("int8", [1, 2], Int8Array.of(1, 2)),
    ["v", "int8[2,1]", [[1], [2]], "int8[1,2]", [[1, 2]]],
  ],
  [
    "a scalar and a Python number",
    array("int64", [], BigInt64Array.of(1n)),
    int(1),
    ["v", "int64[]", 1, "int", 1],
  ],
  [
    "a numpy and a Python bool",
    array("bool", [], Uint8Array.of(1)),
    bool(true),
    ["v", "bool[]", true, "bool", true],
  ],
  ["a list and a tuple", list(int(1)), { type: "tuple", items: [int(1)] }, ["v", "list", [1], "tuple", [1]]],
  ["a bool and an int", bool(true), int(1), ["v", "bool", true, "int", 1]],
  ["lists of two lengths", list(int(1)), list(int(1), int(2)), ["v[1]", "absent", null, "int", 2]],
  ["nested lists", list(list(int(1)), int(3)), list(list(int(2)), int(4)), ["v[0][0]", "int", 1, "int", 2]],
  ["a key too few", map({ a: int(1), b: int(2) }), map({ a: int(1) }), ["v.b", "int", 2, "absent", null]],
  ["a key that is no name", map({ "a b": int(1) }), map({ "a b": int(2) }), ['v["a b"]', "int", 1, "int", 2]],
  [
    "short byte strings",
    bytes(Uint8Array.of(1)),
    bytes(Uint8Array.of(2)),
    ["v", "bytes", { $bytes: "AQ==" }, "bytes", { $bytes: "Ag==" }],
  ],
  [
    "long byte strings",
    bytes(new Uint8Array(100)),
    bytes(new Uint8Array(100).fill(7, 80)),
    ["v[80]", "byte", 0, "byte", 7],
  ],
  [
    "byte strings of two lengths",
    bytes(new Uint8Array(100)),
    bytes(new Uint8Array(90)),
    ["v[90]", "byte", 0, "absent", null],
  ],
  [
    "elements of a matrix",
    array("int16", [2, 2], Int16Array.of(1, 2, 3, 4)),
    array("int16", [2, 2], Int16Array.of(1, 2, 9, 4)),
    ["v[1][0]", "int16", 3, "int16", 9],
  ],
  [
    "integers beyond 2^53",
    int(2n ** 53n),
    int(2n ** 53n + 1n),
    ["v", "int", "9007199254740992", "int", "9007199254740993"],
  ],
  [
    "sets",
    { type: "set", items: [int(1), int(2)] },
    { type: "set", items: [int(1), int(3)] },
    ["v", "set", [1, 2], "set", [1, 3]],
  ],
  [
    "a pair's value",
    { type: "pairs", entries: [[int(1), int(1)]] },
    { type: "pairs", entries: [[int(1), int(2)]] },
    ["v[1]", "int", 1, "int", 2],
  ],
  [
    "a pair too few",
    {
      type: "pairs",
      entries: [
        [int(1), int(1)],
        [int(2), int(1)],
      ],
    },
    { type: "pairs", entries: [[int(2), int(1)]] },
    ["v[1]", "int", 1, "absent", null],
  ],
  [
    "a pair too many",
    { type: "pairs", entries: [[int(2), int(1)]] },
    {
      type: "pairs",
      entries: [
        [int(1), int(1)],
        [int(2), int(1)],
      ],
    },
    ["v[1]", "absent", null, "int", 1],
  ],
  [
    "enum members",
    { type: "enum", name: "C", member: "A", value: int(1) },
    { type: "enum", name: "C", member: "B", value: int(2) },
    ["v", "enum C", "A", "enum C", "B"],
  ],
  [
    "the values of a member",
    { type: "enum", name: "C", member: "A", value: int(1) },
    { type: "enum", name: "C", member: "A", value: int(2) },
    ["v.value", "int", 1, "int", 2],
  ],
  [
    "classes",
    { type: "dataclass", name: "A", entries: [] },
    { type: "dataclass", name: "B", entries: [] },
    ["v", "dataclass A", {}, "dataclass B", {}],
  ],
  [
    "text elements",
    { type: "stringarray", dtype: "str", width: 1, shape: [2], items: ["a", "b"] },
    { type: "stringarray", dtype: "str", width: 1, shape: [2], items: ["a", "c"] },
    ["v[1]", "text", "b", "text", "c"],
  ],
  [
    "the order of a named tuple",
    {
      type: "namedtuple",
      name: "N",
      entries: [
        ["a", int(1)],
        ["b", int(1)],
      ],
    },
    {
      type: "namedtuple",
      name: "N",
      entries: [
        ["b", int(1)],
        ["a", int(1)],
      ],
    },
    ["v", "namedtuple N", { a: 1, b: 1 }, "namedtuple N", { b: 1, a: 1 }],
  ],
])("%s differ with place and types", (_, a, b, expected) => {
  expect(difference(a, b)).toEqual(expected);
});

test("floats differ by units in the last place", () => {
  expect(difference(float(1), float(1 + Number.EPSILON))).toEqual([
    "v",
    "float",
    1,
    "float",
    1 + Number.EPSILON,
    1,
  ]);
  expect(difference(float(0), float(-0))).toEqual(["v", "float", 0, "float", "-0.0", 0]);
  expect(difference(float(5e-324), float(-5e-324))).toEqual(["v", "float", 5e-324, "float", -5e-324, 2]);
  expect(difference(float(1), float(NaN))).toEqual(["v", "float", 1, "float", "NaN"]);
  expect(difference(float32s(1, 2), float32s(1, 2 + 2 ** -22))).toEqual([
    "v[1]",
    "float32",
    2,
    "float32",
    2 + 2 ** -22,
    1,
  ]);
  const half = (bits: number): CborValue => array("float16", [], Uint16Array.of(bits));
  expect(difference(half(0x3c00), half(0x3c03))).toEqual(["v", "float16", 1, "float16", 1.0029296875, 3]);
  expect(difference(half(0x3c00), half(0x7e00))).toEqual(["v", "float16", 1, "float16", "NaN"]);
  expect(difference(float(-1.7e308), float(1.7e308))).toEqual([
    "v",
    "float",
    -1.7e308,
    "float",
    1.7e308,
    expect.any(Number),
  ]);
});

test("a long text is shown around the place where it differs", () => {
  const start = "x".repeat(1000);
  const found = compareValues(text(`${start}a${start}`), text(`${start}b${start}`), "v");
  expect(found?.expected.value).toBe(`…${"x".repeat(40)}a${"x".repeat(159)}…`);
  expect(found?.actual.value).toBe(`…${"x".repeat(40)}b${"x".repeat(159)}…`);
});
