import fc from "fast-check";
import { expect, test } from "vitest";

import { describeText } from "../../../src/trajectory/describe-value.ts";

test("a long text is shown around the place where it differs, and never with half a character", () => {
  const text = "😀".repeat(300);
  for (let at = 0; at < text.length; at += 7) {
    const { value } = describeText(text, at);
    expect((value as string).isWellFormed()).toBe(true);
  }
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 150, maxLength: 400 }), fc.nat(800), (any, at) =>
      (describeText(any, at).value as string).isWellFormed(),
    ),
  );
});
