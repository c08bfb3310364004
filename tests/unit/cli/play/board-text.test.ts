import { styleText } from "node:util";
import { describe, expect, it } from "vitest";

import { describeValues, drawBoard, winningCells } from "../../../../src/cli/play/board-text.ts";
import { drawMarks } from "../../../../src/cli/play/position-text.ts";
import { plain, type Painter } from "../../../../src/cli/render/style.ts";
import { emptyBoard } from "../../../../src/games/tictactoe-board.ts";
import { cellValues } from "../../../../src/games/play/cell-values.ts";

const middle = emptyBoard.with(4, "X").with(0, "O");
const coloured: Painter = (tone, text) =>
  styleText(tone === "good" ? "green" : tone === "bad" ? "red" : "dim", text, { validateStream: false });

describe("a board", () => {
  it("shows the number of every empty cell", () => {
    expect(drawBoard(middle, "X", plain)).toEqual([
      "   O │ 1 │ 2",
      "  ───┼───┼───",
      "   3 │ X │ 5",
      "  ───┼───┼───",
      "   6 │ 7 │ 8",
    ]);
  });

  it("marks the line that was won", () => {
    const won = emptyBoard.with(0, "X").with(4, "X").with(8, "X").with(1, "O").with(2, "O");
    expect(winningCells(won)).toEqual([0, 4, 8]);
    expect(drawBoard(won, "O", plain)[2]).toBe("   3 │[X]│ 5");
    expect(winningCells(middle)).toEqual([]);
  });

  it("has one colour for the person's own marks and another for the other's", () => {
    const shown = drawBoard(middle, "O", coloured).join("\n");
    expect(shown).toContain("\u001b[32mO\u001b[39m");
    expect(shown).toContain("\u001b[31mX\u001b[39m");
  });
});

describe("the values of cells", () => {
  it("are one line, the best first", () => {
    const board = emptyBoard.with(0, "X").with(1, "X").with(3, "O").with(4, "O");
    expect(describeValues(cellValues(board))).toBe("wins in 1: 2 · draws: 5 · loses in 2: 6 7 8");
    expect(describeValues(cellValues(emptyBoard))).toBe("draws: 0 1 2 3 4 5 6 7 8");
  });
});

it("a built-in game's marks are drawn in its columns, with their numbers", () => {
  const board = [null, null, null, null, "X", null, "O", "X", null];
  expect(drawMarks({ board, player: "O" }, 3, "X", plain)).toEqual([
    "  . . .",
    "  . X .",
    "  O X .",
    "  0 1 2",
  ]);
  for (const other of [null, [], { board: [] }, { board: [null] }, { board: [1, 2, 3] }, { planes: board }])
    expect(drawMarks(other, 3, "X", plain)).toBeUndefined();
});
