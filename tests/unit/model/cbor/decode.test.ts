import fc from "fast-check";
import { expect, test } from "vitest";
import { isSameseedError } from "../../../../src/base/error.ts";
import { decodeCbor } from "../../../../src/model/cbor/decode.ts";
import { fieldSpans } from "../../../../src/model/cbor/field-spans.ts";
import { cborValue } from "./cbor-values.ts";
import { encodeCbor, head, tagged } from "./encode-cbor.ts";

function decodeHex(hex: string): unknown {
  return decodeCbor(Buffer.from(hex.replaceAll(" ", ""), "hex"), "run_damaged");
}

/** The error's code, or undefined where nothing was thrown; an error of another kind fails the test. */
function refusal(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (!isSameseedError(error)) throw error;
    return error.code;
  }
}

test("every value decodes back from its canonical bytes", () => {
  fc.assert(
    fc.property(cborValue, (value) => {
      expect(decodeCbor(new Uint8Array(encodeCbor(value)), "run_damaged")).toEqual(value);
    }),
    { numRuns: 1000 },
  );
});

test("bytes are accepted only if they are the one encoding of what they decode to", () => {
  fc.assert(
    fc.property(
      cborValue,
      fc.nat(),
      fc.integer({ min: 0, max: 255 }),
      fc.boolean(),
      (value, at, byte, cut) => {
        const bytes = encodeCbor(value);
        bytes[at % bytes.length] = byte;
        const mutated = cut ? bytes.subarray(0, at % bytes.length) : bytes;
        let decoded;
        try {
          decoded = decodeCbor(mutated, "protocol_broken");
        } catch (error) {
          expect(isSameseedError(error) && error.code).toBe("protocol_broken");
          return;
        }
        expect(encodeCbor(decoded).equals(mutated)).toBe(true);
      },
    ),
    { numRuns: 3000 },
  );
});

test("random bytes never crash the decoder", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect([undefined, "run_damaged"]).toContain(refusal(() => decodeCbor(bytes, "run_damaged")));
    }),
    { numRuns: 3000 },
  );
});

test("field spans accept a record exactly when the decoder does", () => {
  fc.assert(
    fc.property(cborValue, fc.nat(), fc.integer({ min: 0, max: 255 }), (value, at, byte) => {
      const record = encodeCbor({ type: "map", entries: [["k", value]] });
      const place = 1 + (at % (record.length - 1));
      record[place] = byte;
      const decoded = refusal(() => decodeCbor(record, "run_damaged"));
      expect(refusal(() => fieldSpans(record, "run_damaged"))).toBe(decoded);
    }),
    { numRuns: 3000 },
  );
});

test.each([
  ["a number not in its shortest form", "1817"],
  ["a two-byte number that fits one", "1900ff"],
  ["a four-byte number that fits two", "1a0000ffff"],
  ["an eight-byte number that fits four", "1b00000000ffffffff"],
  ["an indefinite byte string", "5f4101ff"],
  ["an indefinite list", "9f01ff"],
  ["an indefinite map", "bf616101ff"],
  ["a reserved head", "1c"],
  ["a half float", "f93c00"],
  ["a single float", "fa3f800000"],
  ["undefined", "f7"],
  ["a simple value in two bytes", "f8ff"],
  ["a NaN with a payload", "fb7ff8000000000001"],
  ["a negative NaN", "fbfff8000000000000"],
  ["map keys out of order", "a2 6162 01 6161 02"],
  ["longer keys before shorter ones", "a2 626161 01 6162 02"],
  ["a duplicate key", "a2 6161 01 6161 02"],
  ["a key that is not a text", "a1 01 02"],
  ["a set out of order", "d90102 82 02 01"],
  ["a set with a duplicate", "d90102 82 01 01"],
  ["a small bignum", "c2 48 ffffffffffffffff"],
  ["a bignum with a leading zero", "c2 49 00ffffffffffffffff"],
  ["text that is not UTF-8", "61 ff"],
  ["text with an encoded surrogate", "63 eda080"],
  ["text with an overlong form", "62 c080"],
  ["bytes after the value", "0101"],
  ["an unknown tag", "c1 01"],
  ["an array whose elements do not fill its shape", "d82882 8102 d855 44 00000000"],
  ["an array with a NaN that is not canonical", "d82882 80 d855 44 0100c07f"],
  ["a float16 array with a NaN that is not canonical", "d82882 80 d854 42 017e"],
  ["a float64 array with a NaN that is not canonical", "d82882 80 d856 48 010000000000f87f"],
  ["a boolean element of 2", "d82882 80 da53530007 41 02"],
  ["a text element wider than its array's", "d82882 80 da53530008 82 01 81 626161"],
  ["a text element that ends in zero", "d82882 80 da53530008 82 02 81 626100"],
  ["text elements of width zero", "d82882 8100 da53530008 82 00 80"],
  ["a map of texts written as pairs", "da53530003 81 82 6161 01"],
  ["no pairs at all", "da53530003 80"],
  ["a named tuple with a name too few", "da53530004 83 6161 81 6161 82 01 02"],
  ["a named tuple with a name twice", "da53530004 83 6161 82 6161 6161 82 01 02"],
  ["boolean elements outside an array", "da53530007 41 01"],
  ["an opaque value in the chain", "da5353000a 6161"],
  ["no bytes", ""],
])("refuses %s", (_, hex) => {
  expect(refusal(() => decodeHex(hex))).toBe("run_damaged");
});

test("keeps the values that the format's page gives as examples", () => {
  expect(decodeHex("01")).toEqual({ type: "int", value: 1n });
  expect(decodeHex("fb 3ff0000000000000")).toEqual({ type: "float", value: 1 });
  expect(decodeHex("d828 82 80 d84f 48 0100000000000000")).toMatchObject({ dtype: "int64", shape: [] });
  expect(decodeHex("d828 82 8102 d855 48 0000803f0000003f")).toMatchObject({ dtype: "float32", shape: [2] });
  expect(decodeHex("da53530001 82 01 6161")).toMatchObject({ type: "tuple" });
  expect(decodeHex("da53530003 81 82 01 f6")).toMatchObject({ type: "pairs" });
  expect(decodeHex("d828 82 8102 da53530007 42 0100")).toMatchObject({ dtype: "bool", shape: [2] });
});

test("64 levels are decoded, 65 are refused, however deep the bytes go", () => {
  const nested = (levels: number): Buffer => Buffer.concat([Buffer.alloc(levels, 0x81), Buffer.from([1])]);
  expect(refusal(() => decodeCbor(nested(64), "run_damaged"))).toBeUndefined();
  expect(refusal(() => decodeCbor(nested(65), "run_damaged"))).toBe("run_damaged");
  expect(refusal(() => decodeCbor(nested(1_000_000), "run_damaged"))).toBe("run_damaged");
  const scalarArray = tagged(40, Buffer.from("8280d84041ff", "hex"));
  const at = (levels: number): Buffer => Buffer.concat([Buffer.alloc(levels, 0x81), scalarArray]);
  expect(refusal(() => decodeCbor(at(61), "run_damaged"))).toBeUndefined();
  expect(refusal(() => decodeCbor(at(62), "run_damaged"))).toBe("run_damaged");
});

test("lengths that are only claimed cost nothing", () => {
  for (const major of [2, 3, 4, 5])
    for (const claimed of [1000, 2 ** 31, 2 ** 40, 2n ** 64n - 1n])
      expect(refusal(() => decodeCbor(head(major, claimed), "protocol_broken"))).toBe("protocol_broken");
  const shape = Buffer.concat([Buffer.from("82", "hex"), head(4, 2), head(0, 2 ** 50), head(0, 2 ** 50)]);
  const array = tagged(40, Buffer.concat([shape, Buffer.from("d84040", "hex")]));
  expect(refusal(() => decodeCbor(array, "protocol_broken"))).toBe("protocol_broken");
});

test("a record of more than four million values is refused", () => {
  const many = Buffer.concat([head(4, 5_000_000), Buffer.alloc(5_000_000, 0xf6)]);
  expect(refusal(() => decodeCbor(many, "run_damaged"))).toBe("run_damaged");
});

test("opaque values are decoded where they are allowed", () => {
  const bytes = Buffer.from("da5353000a6161", "hex");
  expect(decodeCbor(bytes, "run_damaged", { opaque: true })).toEqual({ type: "opaque", name: "a" });
});
