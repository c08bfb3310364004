import { describe, expect, it } from "vitest";

import { equalText } from "../../../src/judge/compare/compare-text.ts";
import { differenceOf, type Comparison } from "../../../src/judge/compare/compare-value.ts";
import type { CborValue, ElementType } from "../../../src/model/cbor/value.ts";

const int = (value: number | bigint): CborValue => ({ type: "int", value: BigInt(value) });
const float = (value: number): CborValue => ({ type: "float", value });
const bool = (value: boolean): CborValue => ({ type: "bool", value });
const text = (value: string): CborValue => ({ type: "text", value });
const many = (type: "list" | "tuple" | "set" | "frozenset", ...items: CborValue[]): CborValue => ({
  type,
  items,
});
function array(
  dtype: ElementType,
  data: Float64Array | BigInt64Array | Float32Array,
  shape: number[],
): CborValue {
  return { type: "ndarray", dtype, shape, data: new Uint8Array(data.buffer) };
}
const strict: Comparison = { types: "strict", relTol: 0, absTol: 0 };
const loose: Comparison = { types: "loose", relTol: 0, absTol: 0 };
const near: Comparison = { types: "loose", relTol: 1e-6, absTol: 1e-9 };
const equal = (a: CborValue, b: CborValue, how: Comparison): boolean => differenceOf(a, b, how) === undefined;

describe("values are compared", () => {
  it("by type and value where types count", () => {
    expect(equal(int(1), int(1), strict)).toBe(true);
    expect(equal(int(1), float(1), strict)).toBe(false);
    expect(equal(int(1), bool(true), strict)).toBe(false);
    expect(equal(many("list", int(1)), many("tuple", int(1)), strict)).toBe(false);
    expect(
      equal(
        array("float64", new Float64Array([1]), [1]),
        array("float32", new Float32Array([1]), [1]),
        strict,
      ),
    ).toBe(false);
    expect(
      equal(
        array("float64", new Float64Array([1, 2]), [2]),
        array("float64", new Float64Array([1, 2]), [2]),
        strict,
      ),
    ).toBe(true);
  });

  it("by value alone where they do not, but a truth value is no number", () => {
    expect(equal(int(1), float(1), loose)).toBe(true);
    expect(equal(many("list", int(1)), many("tuple", float(1)), loose)).toBe(true);
    expect(equal(int(1), bool(true), loose)).toBe(false);
    expect(equal(bool(true), int(1), loose)).toBe(false);
    expect(equal(int(7), array("int64", new BigInt64Array([7n]), []), loose)).toBe(true);
    expect(equal(many("list", int(7)), array("int64", new BigInt64Array([7n]), [1]), loose)).toBe(false);
    expect(equal(int(9_007_199_254_740_993n), float(9_007_199_254_740_992), loose)).toBe(false);
    expect(equal(many("set", int(1), float(2.5)), many("set", float(2.5), float(1)), loose)).toBe(true);
    expect(equal(many("set", int(1), int(2)), many("set", int(1), int(3)), loose)).toBe(false);
  });

  it("with NaN equal to NaN alone, and no tolerance for what is not finite", () => {
    for (const how of [strict, loose, near]) {
      expect(equal(float(Number.NaN), float(Number.NaN), how)).toBe(true);
      expect(equal(float(1), float(Number.NaN), how)).toBe(false);
      expect(equal(float(Number.NaN), float(1), how)).toBe(false);
      expect(equal(float(1), float(Number.POSITIVE_INFINITY), how)).toBe(false);
      expect(equal(float(Number.POSITIVE_INFINITY), float(Number.POSITIVE_INFINITY), how)).toBe(true);
    }
    expect(equal(float(0.3), float(0.1 + 0.2), near)).toBe(true);
    expect(equal(float(0.3), float(0.1 + 0.2), strict)).toBe(false);
    expect(equal(int(1_000_000), int(1_000_001), { types: "loose", relTol: 1, absTol: 5 })).toBe(false);
  });

  it("and the first difference is named by its path", () => {
    const wanted: CborValue = { type: "map", entries: [["a", many("list", int(1), text("x"))]] };
    const found: CborValue = { type: "map", entries: [["a", many("list", int(1), text("y"))]] };
    expect(differenceOf(wanted, found, strict)).toEqual({ path: '["a"][1]', problem: "another value" });
  });

  it("and a type that only a class could give equals nothing, itself included", () => {
    const own: CborValue = { type: "namedtuple", name: "a.B", entries: [["x", int(1)]] };
    expect(equal(own, own, loose)).toBe(false);
    expect(equal(many("tuple", int(1)), own, loose)).toBe(false);
  });
});

describe("texts are compared", () => {
  it.for([
    ["a\nb\n", "a\nb", "lines", true],
    ["a\nb\n", "a  \nb\n\n\n", "lines", true],
    ["a\nb\n", "a b", "lines", false],
    ["a\nb\n", "a\nb\nc", "lines", false],
    ["a\nb\n", "a", "lines", false],
    ["a b", " a\n b", "tokens", true],
    ["a b", "a", "tokens", false],
    ["", "", "tokens", true],
    ["a\n", "a", "exact", false],
    ["a\n", "a\n", "exact", true],
    ["0.5 x", "0.5000001 x", { relTol: 1e-6, absTol: 0 }, true],
    ["0.5", "0.51", { relTol: 1e-6, absTol: 0 }, false],
    ["0.5", "nan", { relTol: 1e-6, absTol: 0 }, false],
    ["0.5", "inf", { relTol: 1, absTol: 9 }, false],
    ["5", "5.0000001", { relTol: 1e-6, absTol: 0 }, false],
    ["1e3", "1000", { relTol: 0, absTol: 0 }, true],
    ["6", "6.0", { relTol: 1e-6, absTol: 0 }, true],
    ["6", "06", { relTol: 1e-6, absTol: 0 }, false],
    ["9007199254740993", "9007199254740992.0", { relTol: 1, absTol: 9 }, false],
    ["a\n6 0.50\n", "\n  a \n6.0   .5\n\n", "numbers", true],
    ["6", "6 6", "numbers", false],
    ["6", "6.0000000000000000001", "numbers", false],
    ["6 a", "6.0 a", "numbers", false],
    ["1\n2", "1 2", "numbers", false],
    ["-0", "0.000", "numbers", true],
    ["-1", "1", "numbers", false],
    ["1200e-2", "+12", "numbers", true],
    ["1e999999999", "10e999999998", "numbers", true],
    ["1e99999999999999999999", "10e99999999999999999998", "numbers", false],
    ["nan", "NaN", "numbers", false],
    ["", "\n", "numbers", true],
    ["1e309", "7", { relTol: 1e-6, absTol: 0 }, false],
    ["1e309", "1e309", { relTol: 1e-6, absTol: 0 }, true],
  ] as const)("%j", ([expected, actual, how, same]) => {
    expect(equalText(expected, actual, how)).toBe(same);
  });

  it("takes no longer for a long number: with the square of its length this would take hours", () => {
    const digits = "1".repeat(2_000_000);
    const how = { relTol: 1e-6, absTol: 0 };
    expect(equalText("0.5", `${digits}x`, how)).toBe(false);
    expect(equalText(`${digits}x`, digits, how)).toBe(false);
    expect(equalText(`${digits}x`, digits, "numbers")).toBe(false);
    expect(equalText(`1${"0".repeat(2_000_000)}1`, digits, "numbers")).toBe(false);
  });
});
