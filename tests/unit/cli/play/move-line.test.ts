import { describe, expect, it } from "vitest";
import fc from "fast-check";

import { playWords, readPlayLine, shownMoves } from "../../../../src/cli/play/move-line.ts";

const legal = [0, 3, 8];

describe("a line", () => {
  it.for([
    ["3", 3],
    [" 8 \r", 8],
    ["+3", 3],
    ["03", 3],
    ["-0", 0],
  ] as const)("%j is a move", ([line, action]) => {
    expect(readPlayLine(line, legal)).toEqual({ kind: "move", action });
    expect(Object.is(action, -0)).toBe(false);
  });

  it("may be a word, or a short form of one, in any case", () => {
    for (const { word, others } of playWords)
      for (const text of [word, ` ${word.toUpperCase()} `, ...others])
        expect(readPlayLine(text, legal)).toEqual({ kind: "word", word });
    const all = playWords.flatMap(({ word, others }) => [word, ...others]);
    expect(new Set(all).size).toBe(all.length);
  });

  it("may be empty", () => {
    expect(readPlayLine("  \t", legal)).toEqual({ kind: "empty" });
  });

  it.for([
    ["4", '"4" is not legal here; legal: 0 3 8'],
    ["9", '"9" is not legal here; legal: 0 3 8'],
    ["-1", '"-1" is not legal here; legal: 0 3 8'],
    ["3.5", '"3.5" is not legal here; legal: 0 3 8'],
    ['"3"', String.raw`"\"3\"" is not legal here; legal: 0 3 8`],
    ["true", '"true" is not legal here; legal: 0 3 8'],
    ["99999999999999999999", '"99999999999999999999" is not legal here; legal: 0 3 8'],
    ["centre", '"centre" is neither a move nor a word; `help` lists them'],
    ["\u001b[2J", String.raw`"\u001b[2J" is neither a move nor a word; ${"`help`"} lists them`],
  ] as const)("%j is refused with the reason", ([line, reason]) => {
    expect(readPlayLine(line, legal)).toEqual({ kind: "refused", reason });
  });

  it("is any JSON value where the legal moves are not known", () => {
    expect(readPlayLine("[0.5, -1]", null)).toEqual({ kind: "move", action: [0.5, -1] });
    expect(readPlayLine("[0.5, -1", null)).toMatchObject({ kind: "refused" });
  });

  it("never throws, and never lets an illegal move through", () => {
    fc.assert(
      fc.property(fc.string(), (line) => {
        const read = readPlayLine(line, legal);
        if (read.kind === "move") expect(legal).toContain(read.action);
      }),
    );
  });
});

it("a long list of moves is cut", () => {
  expect(shownMoves(Array.from({ length: 361 }, (_, move) => move))).toMatch(/ 18 19 … \(361 in all\)$/);
});
