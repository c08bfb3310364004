import { describe, expect, it } from "vitest";

import { emptyBoard } from "../../../../src/games/tictactoe-board.ts";
import { boardOf, cellTaken, legalMoves, winnerOf } from "../../../../src/games/play/play-view.ts";

const open = { board: ["X", null, null, null, "O", null, null, null, null], player: "X" };

describe("an observation", () => {
  it("of tic-tac-toe has a board, and its empty cells are legal", () => {
    expect(boardOf(open)).toEqual(open.board);
    expect(legalMoves(open)).toEqual([1, 2, 3, 5, 6, 7, 8]);
  });

  it("of a finished game has no legal moves", () => {
    const won = { board: ["X", "X", "X", "O", "O", null, null, null, null], player: "O" };
    expect(legalMoves(won)).toEqual([]);
  });

  it("of another game has the legal moves of its mask", () => {
    expect(legalMoves({ observation: [[0]], action_mask: [0, 1, 1, 0, true] })).toEqual([1, 2, 4]);
    expect(boardOf({ observation: [[0]], action_mask: [1] })).toBeUndefined();
  });

  it.for([
    [null],
    [7],
    [[1, 2]],
    [{}],
    [{ board: [1, 2, 3] }],
    [{ board: Array(9).fill("Z") }],
    [{ action_mask: 7 }],
  ])("%j says nothing of legal moves", ([observation]) => {
    expect(boardOf(observation!)).toBeUndefined();
    expect(legalMoves(observation!)).toBeNull();
  });
});

describe("the answer", () => {
  it("is the one cell that the other side took", () => {
    const before = emptyBoard.with(0, "X");
    expect(cellTaken(emptyBoard, emptyBoard.with(3, "X"), "O")).toBe(3);
    expect(cellTaken(before, before.with(4, "X").with(8, "O"), "X")).toBe(8);
  });

  it("is unknown where it is none or several", () => {
    expect(cellTaken(emptyBoard, emptyBoard, "X")).toBeUndefined();
    expect(cellTaken(emptyBoard, emptyBoard.with(0, "X"), "X")).toBeUndefined();
    expect(cellTaken(emptyBoard, emptyBoard.with(0, "O").with(1, "O"), "X")).toBeUndefined();
  });
});

it.for([
  [1, 0, "you"],
  [1, 1, "policy"],
  [-1, 0, "policy"],
  [-1, 1, "you"],
  [0, 0, "draw"],
  [-0, 1, "draw"],
  [null, 0, null],
] as const)("a score of %j is for seat %j: %j", ([score, index, winner]) => {
  expect(winnerOf(score, index)).toBe(winner);
});
