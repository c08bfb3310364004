import { expect, it } from "vitest";

import { ClosedAnswers } from "../../../src/server/native/stepping/closed-answers.ts";
import { Sequence } from "../../../src/server/native/stepping/sequence.ts";

const answer = Buffer.alloc(100);

it("keeps the last answers of a lease until it ends, and nobody else gets them", () => {
  const closed = new ClosedAnswers();
  const sequences = ["a", "b", "c"].map(() => new Sequence());
  closed.keep("a", "one", sequences[0]!, answer);
  closed.keep("b", "one", sequences[1]!, answer);
  closed.keep("c", "two", sequences[2]!, answer);
  expect([closed.find("a", "one"), closed.find("a", "two")]).toEqual([sequences[0], undefined]);
  closed.forget("one");
  closed.forget("one");
  expect([closed.find("a", "one"), closed.find("b", "one")]).toEqual([undefined, undefined]);
  expect(closed.find("c", "two")).toBe(sequences[2]);
  closed.forget("two");
  expect(closed.bytes).toBe(0);
});

it("keeps so many, and so many bytes, the latest", () => {
  const few = new ClosedAnswers(2);
  for (const id of ["a", "b", "c"]) few.keep(id, "one", new Sequence(), answer);
  expect(["a", "b", "c"].map((id) => few.find(id, "one") !== undefined)).toEqual([false, true, true]);
  const small = new ClosedAnswers(10, 1000);
  for (const id of ["a", "b", "c"]) small.keep(id, id, new Sequence(), answer);
  expect(["a", "b", "c"].map((id) => small.find(id, id) !== undefined)).toEqual([false, false, true]);
  expect(small.bytes).toBe(612);
});

it("counts what is closed twice once", () => {
  const closed = new ClosedAnswers();
  for (let times = 0; times < 2; times++) closed.keep("a", "one", new Sequence(), answer);
  expect(closed.bytes).toBe(612);
  closed.forget("one");
  expect(closed.bytes).toBe(0);
});
