import { expect, it } from "vitest";

import { encodePlain } from "../../../src/model/cbor/encode-plain.ts";
import { readTold } from "../../../src/judge/test-run.ts";

it("what a solution says of its failure is cut: megabytes in each test would be too long for a score", () => {
  const long = "A".repeat(3 << 20);
  const told = readTold(encodePlain({ type: long, message: long, trace: long, limit: long }));
  expect(Object.values(told).map(({ length }) => length)).toEqual([200, 2000, 8192, 40]);
  expect(readTold(encodePlain({ type: "ValueError", message: "no" }))).toEqual({
    type: "ValueError",
    message: "no",
    trace: "",
    limit: "",
  });
  expect(readTold(new Uint8Array([255]))).toEqual({ type: "", message: "", trace: "", limit: "" });
});
