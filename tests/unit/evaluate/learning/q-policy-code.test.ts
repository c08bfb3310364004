import fc from "fast-check";
import { expect, it } from "vitest";

import { digestOf } from "../../../../src/base/digest.ts";
import { formOf, turns } from "../../../../src/evaluate/learning/board-forms.ts";
import { parseQPolicy, qPolicyCode, qPolicyDigest } from "../../../../src/evaluate/learning/q-policy-code.ts";
import { qTablePolicy, type QTable } from "../../../../src/evaluate/learning/q-table.ts";
import { settleTraining } from "../../../../src/evaluate/learning/training-settings.ts";
import { emptyBoard } from "../../../../src/games/tictactoe-board.ts";
import { anyTable, openForms, rowOf } from "./tables.ts";

const table: QTable = {
  game: "tictactoe",
  settings: settleTraining({ seed: 3 }, "self"),
  episodes: 10,
  rows: new Map([
    ["........X", rowOf("........X", [0, 0.25, -0, 1e-7, 0.1 + 0.2, -1, 1, 0.5])],
    [".........", rowOf(".........", [0, 0, 0.5, 0, 0.5, 0, 0, 0, 0])],
  ]),
};

it("reads back every table bit by bit", () => {
  fc.assert(
    fc.property(anyTable, fc.integer({ min: 0, max: 5 }), (any, randomMoves) => {
      const code = qPolicyCode(any, { randomMoves });
      const read = parseQPolicy(code);
      const sorted = new Map([...any.rows].sort(([a], [b]) => (a < b ? -1 : 1)));
      expect(read.table).toStrictEqual({ ...any, rows: sorted });
      expect(read.randomMoves).toBe(randomMoves);
      expect(read.digest).toBe(qPolicyDigest(code));
      for (const [key, row] of any.rows)
        for (const [cell, value] of row.entries())
          expect(Object.is(read.table.rows.get(key)?.[cell], value)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

it("writes the same bytes whatever the order of rows, and its digest first", () => {
  const code = qPolicyCode(table);
  expect(qPolicyCode({ ...table, rows: new Map([...table.rows].toReversed()) })).toBe(code);
  const [first = "", ...rest] = code.split("\n");
  expect(first).toBe(`# Sameseed Q policy, format 1, ${digestOf(rest.join("\n"))}`);
  expect(code).toContain('    ".........": (0.0, 0.0, 0.5, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0),\n');
  expect(code).toContain("(0.0, 0.25, -0.0, 1e-7, 0.30000000000000004, -1.0, 1.0, 0.5, None),\n");
  expect(code.indexOf('"........."')).toBeLessThan(code.indexOf('"........X"'));
});

it("refuses a source that was changed anywhere", () => {
  const code = qPolicyCode(table);
  fc.assert(
    fc.property(fc.nat(code.length - 1), fc.constantFrom("x", "0", " ", "\n"), (at, letter) => {
      fc.pre(code[at] !== letter);
      const changed = code.slice(0, at) + letter + code.slice(at + 1);
      expect(() => parseQPolicy(changed)).toThrow(expect.objectContaining({ code: "bad_policy" }));
    }),
    { numRuns: 300 },
  );
});

it("says of a changed value that the source was changed", () => {
  const code = qPolicyCode(table);
  expect(() => parseQPolicy(code.replace("0.25", "0.75"))).toThrow(/it was changed after it was written/);
  expect(() => parseQPolicy("def choose_action(board, player, rng): ...\n")).toThrow(/its first line/);
});

it("refuses another program under a digest that is right", () => {
  const sign = (body: string): string => `# Sameseed Q policy, format 1, ${digestOf(body)}\n${body}`;
  const body = qPolicyCode(table).split("\n").slice(1).join("\n");
  expect(parseQPolicy(sign(body)).table.episodes).toBe(10);
  for (const changed of [
    `${body}import os\n`,
    body.replace("return origin", "return  origin"),
    body.replace('"........X"', '"X........"'),
    body.replace('"........X"', '"XXX.OO..."'),
    body.replace("EPISODES = 10", "EPISODES = -1"),
    body.replace("1e-7", "None"),
    body.replace("1e-7", "1e-07"),
    body.replace("LEARNED = {", "LEARNED = ["),
    "",
  ]) {
    expect(changed).not.toBe(body);
    expect(() => parseQPolicy(sign(changed))).toThrow(expect.objectContaining({ code: "bad_policy" }));
  }
});

it("refuses tables that are none", () => {
  const withRow = (key: string, row: readonly (number | null)[]): QTable => ({
    ...table,
    rows: new Map([[key, row]]),
  });
  const nine = Array.from({ length: 9 }, () => 0);
  for (const bad of [
    withRow("X........", rowOf("X........", nine)),
    withRow("........X", nine),
    withRow(".........", nine.slice(1)),
    withRow(".........", [...nine.slice(1), Number.NaN]),
    withRow(".........", [...nine.slice(1), null]),
    withRow("nonsense.", nine),
    { ...table, episodes: 1.5 },
    { ...table, settings: { ...table.settings, against: "two\nlines" } },
  ])
    expect(() => qPolicyCode(bad)).toThrow(expect.objectContaining({ code: "bad_argument" }));
  for (const randomMoves of [-1, 0.5, 6])
    expect(() => qPolicyCode(table, { randomMoves })).toThrow(
      expect.objectContaining({ code: "bad_argument" }),
    );
});

it("takes the lowest best cell of the form, the lowest empty cell without a row, and draws its first moves", () => {
  const policy = qTablePolicy(table);
  expect(policy(emptyBoard, "X")).toEqual([[2, 1]]);
  // Cell 6 of the form "........X" is best. Two ways lead there from "X........", and the first of them counts.
  const taken = emptyBoard.with(0, "X");
  expect(policy(taken, "O")).toEqual([[formOf(taken).origin[6], 1]]);
  expect(policy(taken.with(1, "O"), "X")).toEqual([[2, 1]]);
  const drawing = qTablePolicy(table, { randomMoves: 1 });
  expect(drawing(taken, "O").map(([cell]) => cell)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(drawing(taken.with(8, "O").with(4, "X"), "O")).toHaveLength(1);
});

it("keeps 627 forms of open boards, each its own form", () => {
  expect(openForms.length).toBe(765 - 138);
  for (const form of openForms) {
    const board = Array.from(form, (mark) => (mark === "X" || mark === "O" ? mark : null));
    const images = turns.map((turn) => formOf(turn.map((cell) => board[cell] ?? null)).key);
    expect(new Set(images)).toEqual(new Set([form]));
  }
});
