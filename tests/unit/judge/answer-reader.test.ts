import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { AnswerReader } from "../../../src/judge/answer-reader.ts";

function frame(kind: number, payload: string): Buffer {
  const head = Buffer.alloc(5);
  head[0] = kind;
  head.writeUInt32LE(payload.length, 1);
  return Buffer.concat([head, Buffer.from(payload)]);
}

describe("a sandbox's one message", () => {
  it("is read however it is cut", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary-ascii", maxLength: 40 }),
        fc.array(fc.nat(45)),
        (payload, cuts) => {
          const bytes = frame(2, payload);
          const reader = new AnswerReader(5);
          const places = [0, ...cuts.filter((at) => at <= bytes.length).sort((a, b) => a - b), bytes.length];
          for (let at = 1; at < places.length; at++)
            expect(reader.push(bytes.subarray(places[at - 1], places[at]))).toBe(true);
          expect(reader.answer).toEqual({ kind: 2, payload: Buffer.from(payload) });
        },
      ),
    );
  });

  it.for([
    ["two messages", [frame(1, "a"), frame(1, "a")]],
    ["a byte behind it", [frame(1, "a"), Buffer.from([0])]],
    ["a kind that is not due", [frame(6, "a")]],
    ["kind 0", [frame(0, "a")]],
    ["a length beyond all", [Buffer.from([1, 255, 255, 255, 255])]],
  ] as const)("is broken by %s", ([, parts]) => {
    const reader = new AnswerReader(5);
    const taken = parts.map((part) => reader.push(part));
    expect(taken.at(-1)).toBe(false);
    expect(reader.broken).toBe(true);
    expect(reader.answer).toBeUndefined();
    expect(reader.push(frame(1, "a"))).toBe(false);
  });

  it("is not there before it is whole", () => {
    const reader = new AnswerReader(5);
    reader.push(frame(1, "abc").subarray(0, 7));
    expect(reader.broken).toBe(false);
    expect(reader.answer).toBeUndefined();
  });
});
