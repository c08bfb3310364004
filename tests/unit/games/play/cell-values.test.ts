import { describe, expect, it } from "vitest";

import { optimalMoves } from "../../../../src/evaluate/exact/declared-policy.ts";
import { reachableStates } from "../../../../src/evaluate/exact/enumerate-tictactoe.ts";
import { type Board, emptyBoard } from "../../../../src/games/tictactoe-board.ts";
import { cellValues, isBetter } from "../../../../src/games/play/cell-values.ts";

function boardOf(text: string): Board {
  return Array.from(text.replaceAll(/\s/g, ""), (mark) => (mark === "X" || mark === "O" ? mark : null));
}

describe("the value of a cell", () => {
  it("is a draw for every first move", () => {
    expect(cellValues(emptyBoard)).toEqual(
      Array.from({ length: 9 }, (_, cell) => ({ cell, value: 0, moves: 9 })),
    );
  });

  it("is a win at once where a line can be completed, and else says how long it takes", () => {
    const values = cellValues(boardOf("XX. OO. ..."));
    expect(values.find(({ cell }) => cell === 2)).toEqual({ cell: 2, value: 1, moves: 1 });
    expect(values.find(({ cell }) => cell === 5)).toEqual({ cell: 5, value: 0, moves: 5 });
    expect(values.find(({ cell }) => cell === 6)).toEqual({ cell: 6, value: -1, moves: 2 });
  });

  it("is a forced loss where O answers a corner with an edge", () => {
    expect(cellValues(boardOf("XO. ... ...")).find(({ cell }) => cell === 4)).toMatchObject({ value: 1 });
    expect(cellValues(boardOf("X.. .X. ..O")).filter(({ value }) => value > 0)).toEqual([]);
  });

  it("does not exist where the game is over", () => {
    expect(cellValues(boardOf("XXX OO. ..."))).toEqual([]);
    expect(cellValues(boardOf("XOX XOO OXX"))).toEqual([]);
  });

  it("has the same best cells as the exact policy, on every open board", () => {
    const optimal = optimalMoves();
    let open = 0;
    for (const { board, standing } of reachableStates()) {
      if (standing !== "open") continue;
      open++;
      const values = cellValues(board);
      const best = Math.max(...values.map(({ value }) => value));
      expect(values.filter(({ value }) => value === best).map(({ cell }) => cell)).toEqual(optimal(board));
    }
    expect(open).toBe(4520);
  });

  it("prefers an early win and a late loss", () => {
    expect(isBetter({ value: 1, moves: 1 }, { value: 1, moves: 3 })).toBe(true);
    expect(isBetter({ value: -1, moves: 4 }, { value: -1, moves: 2 })).toBe(true);
    expect(isBetter({ value: 0, moves: 9 }, { value: 1, moves: 9 })).toBe(false);
  });
});
