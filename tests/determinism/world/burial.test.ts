import { expect, test } from "vitest";

import { runPart } from "./native-program.ts";

test("a trunk ends what ran in a copy that died, and no child of its program's beside one that left", () => {
  expect(runPart("burial.c", "without-python")).toBe(
    "a child beside a copy that left: left alone\nthe child of a copy that failed: ended\n",
  );
});
