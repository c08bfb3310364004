/*
 * Bytes on which the two decoders once disagreed, or which one of them took wrongly, and those beside them. The fuzzing of
 * both is the target "both decoders" in `fuzz.test.ts`.
 */
import { afterAll, expect, test } from "vitest";

import { compareDecoders } from "./decoder-targets.ts";
import { generateBytes } from "./decoders/generate-bytes.ts";
import { PythonDecoder } from "./decoders/python-decoder.ts";
import { SeededNumbers } from "./mutate-bytes.ts";

const python = new PythonDecoder();
afterAll(() => python.close());

const record = ["chain", "volatile"];
const all = [...record, "plain"];

test.each([
  ["a set of a list", "d90102 81 80", []],
  ["a set of a set", "d90102 81 d90102 80", []],
  ["a set of a frozen set", "d90102 81 da53530002 80", record],
  ["a set of a map", "d90102 81 a0", []],
  ["a set of an array", "d90102 81 d828 82 8101 d840 41 01", []],
  ["a set of a scalar", "d90102 81 d828 82 80 d840 41 01", record],
  ["a set of 1 and 1.0", "d90102 82 01 fb3ff0000000000000", []],
  ["a set of 1 and True", "d90102 82 01 f5", []],
  ["a set of 1 and uint8(1)", "d90102 82 01 d828 82 80 d840 41 01", []],
  ["a set of 1 and float16(1)", "d90102 82 01 d828 82 80 d854 42 003c", []],
  ["a set of False and bool_(False)", "d90102 82 d828 82 80 da53530007 41 00 f4", []],
  ["a set of 0.0 and -0.0", "d90102 82 fb0000000000000000 fb8000000000000000", []],
  ["a set of 0.1 and float32(0.1)", "d90102 82 d828 82 80 d855 44 cdcccc3d fb3fb999999999999a", record],
  ["a set of 2^64 and 1.8e19", "d90102 82 c2 49 010000000000000000 fb43f0000000000000", []],
  ["a set of NaN and float32(NaN)", "d90102 82 d828 82 80 d855 44 0000c07f fb7ff8000000000000", record],
  ["a set of text and str_", "d90102 82 6161 d828 82 80 da53530008 82 01 81 6161", []],
  ["a set of an empty str_", "d90102 81 d828 82 80 da53530008 82 01 81 60", record],
  ["a set of a text array with room", "d90102 81 d828 82 80 da53530008 82 02 81 6161", []],
  ["a set of a tuple and a named tuple", "d90102 82 da53530001 81 01 da53530004 83 6154 81 6161 81 01", []],
  ["a set of (1,) and (True,)", "d90102 82 da53530001 81 01 da53530001 81 f5", []],
  ["a set of enum members of equal value", "d90102 82 01 da53530006 83 6145 6141 01", record],
  ["a frozen set of 1 and 1.0", "da53530002 82 01 fb3ff0000000000000", []],
  ["pairs with the keys 1 and True", "da53530003 82 82 01 00 82 f5 00", []],
  ["pairs with a list as key", "da53530003 81 82 80 00", []],
  ["pairs with the key 1", "da53530003 81 82 01 00", all],
  ["pairs with the key 2^64", "da53530003 81 82 c2 49 010000000000000000 00", record],
  ["pairs with the key uint8(1)", "da53530003 81 82 d828 82 80 d840 41 01 00", record],
  ["no element, another size of 2^31 - 1", "d828 82 82 00 1a7fffffff d840 40", all],
  ["no element, another size of 2^31", "d828 82 82 00 1a80000000 d840 40", []],
  ["no element, other sizes of 2^80", "d828 82 83 1b0000010000000000 00 1b0000010000000000 d840 40", []],
  ["no element, and a size of 2^64 - 1", "d828 82 82 00 1bffffffffffffffff d840 40", []],
  ["no text, a width of 2^29", "d828 82 81 00 da53530008 82 1a20000000 80", []],
  ["no byte string, a width of 2^31", "d828 82 81 00 da53530009 82 1a80000000 80", []],
  ["a text of width 273", "d828 82 81 01 da53530008 82 190111 81 6161", record],
  ["a text of width 272", "d828 82 81 01 da53530008 82 190110 81 6161", all],
  ["64 dimensions", `d828 82 9840 ${"01".repeat(64)} d840 41 07`, all],
  ["65 dimensions", `d828 82 9841 ${"01".repeat(65)} d840 41 07`, []],
  ["an integer of 1024 bytes", `c2 590400 ${"ff".repeat(1024)}`, all],
  ["an integer of 1025 bytes", `c2 590401 ${"ff".repeat(1025)}`, record],
  ["a scalar 29 lists down", `${"81".repeat(29)} d828 82 80 d840 41 01`, all],
  ["a scalar 30 lists down", `${"81".repeat(30)} d828 82 80 d840 41 01`, record],
  ["opaque", "da5353000a 6161", ["volatile"]],
] as const)("both judge %s alike", async (_, hex, expected) => {
  const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
  expect(await compareDecoders(python, bytes)).toEqual(expected);
});

test("the generator makes what each profile takes, and what none does", async () => {
  const counts = new Map<string, number>();
  for (let seed = 0; seed < 300; seed++) {
    const taken = (await compareDecoders(python, generateBytes(new SeededNumbers(seed)))).join();
    counts.set(taken, (counts.get(taken) ?? 0) + 1);
  }
  for (const profiles of [all, record, ["volatile"], []])
    expect(counts.get(profiles.join()), profiles.join()).toBeGreaterThan(4);
});

test("a difference is noticed, and said with its bytes", async () => {
  const wrong = { ask: async () => ({ chain: "i2", volatile: "i1", plain: null }) };
  await expect(compareDecoders(wrong, Buffer.from([1]))).rejects.toThrow(
    "01 in profile chain: TypeScript has i1, Python i2",
  );
});
