import { expect, it } from "vitest";

import { wholeNumber } from "../../../../src/cli/parse/whole-number.ts";

const parse = wholeNumber({ option: "--wall-ms", unit: "milliseconds", max: 100 });

it.for<[string, number]>([
  ["1", 1],
  ["100", 100],
  ["007", 7],
])("reads %s", ([text, value]) => {
  expect(parse(text)).toBe(value);
});

it.for(["0", "101", "-1", "1.5", "1e2", "", " 1", "abc", "0x1", "99999999999999999999"])(
  "refuses %j",
  (text) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({ code: "bad_argument", hint: "give a whole number from 1 to 100" }),
    );
  },
);
