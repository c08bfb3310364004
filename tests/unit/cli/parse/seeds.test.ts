import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { maxSeeds, parseSeed, parseSeeds } from "../../../../src/cli/parse/seeds.ts";

const seed = fc.maxSafeNat();

describe("parseSeeds", () => {
  it.for<[string, number[]]>([
    ["42..45", [42, 43, 44, 45]],
    ["1,5,9", [1, 5, 9]],
    ["9,1..3,2", [1, 2, 3, 9]],
    [" 7 , 8..8 ", [7, 8]],
    ["0", [0]],
    ["10,9", [9, 10]],
    ["9007199254740990..9007199254740991", [9007199254740990, 9007199254740991]],
  ])("reads %s", ([text, seeds]) => {
    expect(parseSeeds(text)).toEqual(seeds);
  });

  it.for<[string, RegExp]>([
    ["", /missing/],
    ["1,,2", /missing/],
    ["45..42", /reversed/],
    ["-5", /not a seed/],
    ["1..2..3", /not a seed/],
    ["1..", /not a seed/],
    ["1e3", /not a seed/],
    ["0x10", /not a seed/],
    ["1.5", /not a seed/],
    ["9007199254740992", /beyond 2\^53 - 1/],
    [`0..${maxSeeds}`, /10000001 seeds/],
    ["0..9007199254740991", /may have/],
  ])("refuses %j with a fix", ([text, message]) => {
    expect(() => parseSeeds(text)).toThrow(
      expect.objectContaining({
        code: "bad_argument",
        message: expect.stringMatching(message),
        hint: expect.stringMatching(/.{10}/),
      }),
    );
  });

  it("gives each seed once, in order, whatever the order of the parts", () => {
    fc.assert(
      fc.property(fc.array(seed, { minLength: 1, maxLength: 30 }), (seeds) => {
        expect(parseSeeds(seeds.join(","))).toEqual([...new Set(seeds)].sort((a, b) => a - b));
      }),
    );
  });

  it("takes both ends of a range", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.nat(200), (first, more) => {
        const seeds = parseSeeds(`${first}..${first + more}`);
        expect([seeds.length, seeds[0], seeds.at(-1)]).toEqual([more + 1, first, first + more]);
      }),
    );
  });
});

describe("parseSeed", () => {
  it("reads what it writes", () => {
    fc.assert(
      fc.property(seed, (value) => {
        expect(parseSeed(String(value))).toBe(value);
      }),
    );
  });

  it.for(["", "x", "-1", "1..2", "9007199254740992", "99999999999999999999999"])("refuses %j", (text) => {
    expect(() => parseSeed(text)).toThrow(expect.objectContaining({ code: "bad_argument" }));
  });
});
