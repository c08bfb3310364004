import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeCbor } from "../../../../src/model/cbor/decode.ts";
import { fieldSpans } from "../../../../src/model/cbor/field-spans.ts";
import { cborValue } from "./cbor-values.ts";
import { encodeCbor } from "./encode-cbor.ts";

test("spans name each top-level value and cut it out exactly", () => {
  const values = fc.uniqueArray(
    fc.tuple(fc.oneof(fc.constantFrom("k", "info", "action", "hidden", "reward"), fc.string()), cborValue),
    { maxLength: 6, selector: ([name]) => name },
  );
  fc.assert(
    fc.property(values, (entries) => {
      const record = encodeCbor({ type: "map", entries });
      const spans = fieldSpans(record, "run_damaged");
      const decoded = decodeCbor(record, "run_damaged");
      expect(spans.map(({ name }) => name)).toEqual(
        decoded.type === "map" ? decoded.entries.map(([name]) => name) : [],
      );
      for (const { name, start, end } of spans) {
        const value = entries.find(([key]) => key === name)?.[1];
        expect(value && encodeCbor(value).equals(record.subarray(start, end))).toBe(true);
      }
    }),
  );
});

test.each([
  ["a list", "80"],
  ["a record followed by bytes", "a16161010000"],
  ["keys out of order", "a2616201616102"],
  ["nothing", ""],
])("refuses %s", (_, hex) => {
  expect(() => fieldSpans(Buffer.from(hex, "hex"), "protocol_broken")).toThrow(
    expect.objectContaining({ code: "protocol_broken" }),
  );
});
