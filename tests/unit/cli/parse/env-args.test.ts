import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { collectEnvArgs, parseEnvArg } from "../../../../src/cli/parse/env-args.ts";
import type { JsonValue } from "../../../../src/model/json.ts";

describe("parseEnvArg", () => {
  it.for<[string, string, JsonValue]>([
    ["is_slippery=false", "is_slippery", false],
    ["n=3", "n", 3],
    ["gravity=-9.81", "gravity", -9.81],
    ["map_name=4x4", "map_name", "4x4"],
    ["render_mode=rgb_array", "render_mode", "rgb_array"],
    ['desc=["SF","HG"]', "desc", ["SF", "HG"]],
    ['quoted="4"', "quoted", "4"],
    ["x=a=b", "x", "a=b"],
    ["nothing=null", "nothing", null],
    ["größe=1", "größe", 1],
  ])("reads %s", ([text, name, value]) => {
    expect(parseEnvArg(text)).toEqual([name, value]);
  });

  it.for<[string, RegExp]>([
    ["a", /KEY=JSON/],
    ["=1", /KEY=JSON/],
    ["a-b=1", /KEY=JSON/],
    ["1a=1", /KEY=JSON/],
    ["a=False", /not JSON/],
    ["a=None", /not JSON/],
    ["a=", /not JSON/],
    ["a={b:1}", /not JSON/],
    ["a=[1,", /not JSON/],
    ['a="x', /not JSON/],
    ["a=NaN", /not JSON/],
    ["a=-inf", /not JSON/],
    ["a=.5", /not JSON/],
    ["a=0x10", /not JSON/],
    ["a=9007199254740993", /beyond 2\^53 - 1/],
    ["a=[1,-9007199254740993]", /beyond 2\^53 - 1/],
    ["a=1e999", /too large/],
    ["__proto__=1", /__proto__/],
  ])("refuses %s with a fix", ([text, message]) => {
    expect(() => parseEnvArg(text)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(message), hint: expect.any(String) }),
    );
  });

  it("reads every JSON value back", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/\d{16}/.test(text));
        expect(parseEnvArg(`key=${text}`)).toEqual(["key", JSON.parse(text)]);
      }),
    );
  });
});

describe("collectEnvArgs", () => {
  it("puts names and values together", () => {
    expect(
      collectEnvArgs([
        ["a", 1],
        ["constructor", "x"],
      ]),
    ).toEqual({ a: 1, constructor: "x" });
  });

  it("refuses a name that is given twice", () => {
    expect(() =>
      collectEnvArgs([
        ["a", 1],
        ["a", 2],
      ]),
    ).toThrow(/given twice/);
  });
});
