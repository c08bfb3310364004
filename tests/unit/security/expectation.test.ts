import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { answersIn, differences, mismatches } from "../../../src/security/expectation.ts";

describe("what was seen agrees with what was expected", () => {
  it.for<[string, string]>([
    ["fork: EAGAIN after 15", "fork: EAGAIN after 15"],
    ["fork: EAGAIN after 10..15", "fork: EAGAIN after 10"],
    ["open: EACCES|EROFS", "open: EROFS"],
    ["end: exit 0", "end: exit 0"],
    ["collect C:\\windows: file", "collect C:\\windows: file"],
  ])("%s with %s", ([expected, seen]) => {
    expect(mismatches([expected], [seen])).toEqual([]);
  });

  it("also where a name is seen more than once, with answers that are each allowed", () => {
    expect(mismatches(["read: file|ENOENT"], ["read: file", "read: ENOENT"])).toEqual([]);
  });
});

it("what must be the same each time may be anything, but not two things", () => {
  const expected = ["entropy: same", "end: exit 0", "time: any"];
  const run = (entropy: string, time: string): string[] => [
    `entropy: ${entropy}`,
    "end: exit 0",
    `time: ${time}`,
  ];
  for (const entropy of ["a1", "b2"]) expect(mismatches(expected, run(entropy, "1"))).toEqual([]);
  expect(differences(expected, [run("a1", "1"), run("a1", "2")])).toEqual([]);
  expect(differences(expected, [run("a1", "1"), run("b2", "2")])).toEqual([
    "not the same each time: entropy: a1 | entropy: b2",
  ]);
});

describe("a mismatch is", () => {
  it.for<[string, string, string]>([
    ["another errno", "fork: EAGAIN", "fork: EPERM"],
    ["a success", "fork: EAGAIN after 15", "fork: escaped after 200"],
    ["a number above its range", "fork: EAGAIN after 10..15", "fork: EAGAIN after 16"],
    ["a number below its range", "fork: EAGAIN after 10..15", "fork: EAGAIN after 9"],
    ["a word where a number is due", "held: 1..2", "held: one"],
    ["a word more", "end: exit 0", "end: exit 0 late"],
    ["a word less", "end: exit 0", "end: exit"],
    ["a part of a word", "open: EACCES|EROFS", "open: EACC"],
  ])("%s", ([, expected, seen]) => {
    expect(mismatches([expected], [seen])).toHaveLength(1);
  });

  it("an attempt that was not made", () => {
    expect(mismatches(["fork: EAGAIN", "end: exit 0"], ["end: exit 0"])).toEqual(["missing fork: EAGAIN"]);
  });

  it("an attempt that nobody expected", () => {
    expect(mismatches(["end: exit 0"], ["open: EPERM", "end: exit 0"])).toEqual(["unexpected open: EPERM"]);
  });
});

it("whatever a program writes besides its answers is no answer, and never too much", () => {
  expect(answersIn('x\nfork: EAGAIN after 3\n{"a": 1}\n: \n\u001b[2J: y\nend\n')).toEqual([
    "fork: EAGAIN after 3",
  ]);
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 2000 }), (noise) => {
      const answers = answersIn(noise.repeat(50));
      expect(answers.length).toBeLessThanOrEqual(100);
      for (const answer of answers) expect(answer.length).toBeLessThanOrEqual(400);
    }),
  );
});
