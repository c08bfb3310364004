/* What decides whose turn it is, in moments that no program can bring about: built alone, with the rest played. */
import { expect, it } from "vitest";

import { runPart } from "./native-program.ts";

it("a child that ends between the look at it and the question whether it lives makes no time pass", () => {
  expect(runPart("turns.c")).toBe("the one that waited for the child, at 0 ns\n");
});
