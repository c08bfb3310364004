import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, describe, expect, it, test } from "vitest";
import { decodeCbor } from "../../../../src/model/cbor/decode.ts";
import { encodePlain } from "../../../../src/model/cbor/encode-plain.ts";
import { NdArray, StringArray } from "../../../../src/model/cbor/ndarray.ts";
import { float, toTyped, type ActionValue } from "../../../../src/model/cbor/typed-value.ts";
import { compareDecoders } from "../../../fuzz/decoder-targets.ts";
import { isPlain } from "../../../fuzz/decoders/plain-values.ts";
import { PythonDecoder } from "../../../fuzz/decoders/python-decoder.ts";
import { actionOf, withNumbers } from "./action-values.ts";
import { cborValue } from "./cbor-values.ts";
import { encodeCbor } from "./encode-cbor.ts";

const python = new PythonDecoder();
afterAll(() => python.close());

function hex(action: ActionValue): string {
  return Buffer.from(encodePlain(action)).toString("hex");
}

const file = new URL("../../../golden/canonical-vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(file, "utf8")) as { readonly name: string; readonly hex: string }[];

describe("against the Python encoder", () => {
  const sayable = vectors.flatMap((vector) => {
    const bytes = Buffer.from(vector.hex, "hex");
    const value = decodeCbor(bytes, "run_damaged", { opaque: true });
    const action = isPlain(value, bytes.length) ? actionOf(value) : undefined;
    return action === undefined ? [] : [{ ...vector, action }];
  });

  it("has vectors of nearly every kind", () => {
    expect(sayable.length).toBeGreaterThan(100);
  });

  test.each(sayable)("writes $name as Python does", ({ action, hex: expected }) => {
    expect(hex(action)).toBe(expected);
  });

  it("writes any plain value as the second implementation does, and Python reads it back", async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(cborValue, async (value) => {
        const expected = encodeCbor(value);
        const action = isPlain(value, expected.length) ? actionOf(value) : undefined;
        if (action === undefined) return;
        compared++;
        expect(hex(action)).toBe(expected.toString("hex"));
        expect(hex(withNumbers(action))).toBe(expected.toString("hex"));
        expect(await compareDecoders(python, Buffer.from(encodePlain(action)))).toContain("plain");
      }),
      { numRuns: 500 },
    );
    expect(compared).toBeGreaterThan(100);
  });
});

describe("numbers", () => {
  it.each<[string, ActionValue, string]>([
    ["a whole number is an integer", 1, "01"],
    ["a float says so", float(1), "fb3ff0000000000000"],
    ["a number that is not whole is a float", 0.5, "fb3fe0000000000000"],
    ["minus zero is a float", -0, "fb8000000000000000"],
    ["the largest exact number is an integer", Number.MAX_SAFE_INTEGER, "1b001fffffffffffff"],
    ["what lies beyond it is a float", 2 ** 53, "fb4340000000000000"],
    ["a bigint is an integer", 2n ** 53n, "1b0020000000000000"],
    ["a small bigint too", 1n, "01"],
    ["a negative one", -1n, "20"],
    ["one of 65 bits", -(2n ** 64n) - 1n, "c349010000000000000000"],
    ["the canonical NaN", Number.NaN, "fb7ff8000000000000"],
  ])("%s", (_, action, expected) => {
    expect(hex(action)).toBe(expected);
  });
});

describe("arrays", () => {
  it("takes typed arrays for arrays of one dimension, but bytes for a byte string", () => {
    expect(hex(Float32Array.of(1, 0.5))).toBe("d828828102d855480000803f0000003f");
    expect(hex(BigInt64Array.of(1n))).toBe("d828828101d84f480100000000000000");
    expect(hex(Uint8Array.of(7))).toBe("4107");
    expect(hex(new NdArray("uint8", Uint8Array.of(7)))).toBe("d828828101d8404107");
  });

  it("writes every NaN as the canonical one and leaves the caller's array as it was", () => {
    const odd = new Float32Array(Uint8Array.of(1, 0, 0xc0, 0xff).buffer);
    expect(hex(odd)).toBe("d828828101d855440000c07f");
    expect(new Uint8Array(odd.buffer)[0]).toBe(1);
    expect(hex(new NdArray("float16", Uint16Array.of(0xfe01, 0x3c00)))).toBe("d828828102d85444007e003c");
    expect(hex(Float64Array.of(Number.NaN))).toBe("d828828101d85648000000000000f87f");
  });

  it("decodes to a view where the bytes are aligned and to a copy where they are not", () => {
    const bytes = encodePlain(Float32Array.of(1, 2));
    for (const shift of [0, 1, 2, 3]) {
      const moved = new Uint8Array(new ArrayBuffer(bytes.length + 4), shift, bytes.length);
      moved.set(bytes);
      const array = toTyped(decodeCbor(moved, "protocol_broken")) as NdArray<"float32">;
      expect([...array.data]).toEqual([1, 2]);
      const start = moved.byteOffset + bytes.length - 8;
      expect(array.data.buffer === moved.buffer, `shift ${shift}`).toBe(start % 4 === 0);
    }
    // A part of a `Buffer` is still a copy where it has to be one.
    const buffer = Buffer.concat([Buffer.from([0]), bytes]);
    expect((toTyped(decodeCbor(buffer.subarray(1), "protocol_broken")) as NdArray).toList()).toEqual([1, 2]);
  });

  it("shows elements as they are", () => {
    expect(new NdArray("bool", Uint8Array.of(1, 0), [2, 1]).toList()).toEqual([[true], [false]]);
    expect(new NdArray("int64", BigInt64Array.of(-3n), []).item()).toBe(-3n);
    expect(new NdArray("float16", Uint16Array.of(0x3c00), []).toList()).toBe(1);
  });
});

describe("refuses", () => {
  const circle: unknown[] = [];
  circle.push(circle);
  it.each<[string, unknown, RegExp]>([
    ["undefined", undefined, /the action is of type undefined/],
    ["a function inside", { a: [1, () => 1] }, /at \.a\[1\] is of type function/],
    ["a hole", [1, , 2], /at \[1\] is of type undefined/], // oxlint-disable-line no-sparse-arrays
    ["a symbol", Symbol("x"), /of type symbol/],
    ["an object of a class", new Date(0), /an object of a class/],
    ["a set", new Set([1]), /an object of a class/],
    ["half a character", "\ud800", /lone surrogate/],
    ["half a character as a key", { "\ud800": 1 }, /lone surrogate/],
    ["a circle", circle, /nested more than 32 deep/],
    [
      "a shape that is not that of the elements",
      new NdArray("int8", Int8Array.of(1, 2), [3]),
      /of shape \[3\]/,
    ],
    ["a negative shape", new NdArray("int8", new Int8Array(), [-1, 0]), /of shape/],
    [
      "elements of another type",
      new NdArray("int8", Uint8Array.of(1) as never),
      /an array of int8 whose elements are not/,
    ],
    [
      "an unknown dtype",
      new NdArray("complex64" as never, Uint8Array.of(1) as never),
      /whose elements are not/,
    ],
    ["a boolean of 2", new NdArray("bool", Uint8Array.of(2)), /beside 0 and 1/],
    ["an array of another kind", new DataView(new ArrayBuffer(1)), /DataView/],
    [
      "equal keys",
      new Map<unknown, unknown>([
        [1, 0],
        [float(1), 0],
      ]),
      /equal/,
    ],
    ["a key that is a list", new Map<unknown, unknown>([[[], 0]]), /key of a kind/],
    ["an integer beyond all", 2n ** 8193n, /more than 1024 bytes/],
    ["texts with much room", new StringArray("str", 2 ** 20, [1], ["a"]), /padded/],
    ["a text longer than its width", new StringArray("str", 1, [1], ["ab"]), /wider/],
    ["seventeen million bytes", new NdArray("uint8", new Uint8Array(17 * 2 ** 20)), /may be sent/],
  ])("%s", (_, action, problem) => {
    expect(() => encodePlain(action as ActionValue)).toThrow(problem);
    try {
      encodePlain(action as ActionValue);
    } catch (error) {
      expect(error).toMatchObject({ code: "bad_argument" });
    }
  });
});
