import fc from "fast-check";
import { expect, test } from "vitest";

import { FirstBytes, LastBytes } from "../../../src/base/kept-bytes.ts";

const chunks = (text: string, size: number): Uint8Array[] => {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  );
};

const keep = (kept: FirstBytes | LastBytes, parts: readonly Uint8Array[]): string => {
  for (const part of parts) kept.push(part);
  return kept.text;
};

test("a character that two chunks share stays whole", () => {
  for (const size of [1, 2, 3, 5]) {
    expect(keep(new LastBytes(100), chunks("über 😀 ключ", size))).toBe("über 😀 ключ");
    expect(keep(new FirstBytes(100), chunks("über 😀 ключ", size))).toBe("über 😀 ключ");
  }
});

test("what is cut off leaves no part of a character", () => {
  expect(keep(new LastBytes(5), chunks("a😀bc", 2))).toBe("bc");
  expect(keep(new LastBytes(6), chunks("a😀bc", 2))).toBe("😀bc");
  expect(keep(new FirstBytes(4), chunks("a😀bc", 2))).toBe("a");
  expect(keep(new FirstBytes(5), chunks("a😀bc", 2))).toBe("a😀");
});

test("however a text comes, its end and its beginning are kept", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 4, max: 40 }),
      (text, size, most) => {
        const end = keep(new LastBytes(most), chunks(text, size));
        const start = keep(new FirstBytes(most), chunks(text, size));
        expect(text.endsWith(end) && text.startsWith(start)).toBe(true);
        for (const part of [end, start])
          expect(Buffer.byteLength(part)).toBeGreaterThan(Math.min(Buffer.byteLength(text), most) - 4);
      },
    ),
  );
});

test("bytes that are no text stay that: nothing is lost but what cannot be decoded", () => {
  expect(keep(new LastBytes(10), [Buffer.from([0xff, 0xfe]), Buffer.from("end")])).toBe("\ufffd\ufffdend");
});

test("many small chunks cost memory for what is kept only", () => {
  const kept = new LastBytes(8);
  for (let at = 0; at < 5000; at++) kept.push(Buffer.from(String(at % 10)));
  expect(kept.text).toBe("23456789");
});
