import fc from "fast-check";
import { expect, test } from "vitest";

import { endOfText, partOfText, startOfText } from "../../../src/base/cut-text.ts";

test("a cut takes what is asked for where no character is in two", () => {
  expect(startOfText("abcdef", 3)).toBe("abc");
  expect(endOfText("abcdef", 3)).toBe("def");
  expect(partOfText("abcdef", 1, 3)).toBe("bc");
  expect([startOfText("ab", 0), startOfText("ab", -1), endOfText("ab", 0), startOfText("ab", 9)]).toEqual([
    "",
    "",
    "",
    "ab",
  ]);
});

test("a cut never leaves half a character", () => {
  expect(startOfText("a😀b", 2)).toBe("a");
  expect(endOfText("a😀b", 2)).toBe("b");
  expect(partOfText("😀😀😀", 1, 5)).toBe("😀");
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 20 }),
      fc.nat(25),
      fc.nat(25),
      (text, most, from) =>
        startOfText(text, most).isWellFormed() &&
        endOfText(text, most).isWellFormed() &&
        partOfText(text, from, from + most).isWellFormed() &&
        startOfText(text, most).length >= Math.min(text.length, most) - 1,
    ),
  );
});
