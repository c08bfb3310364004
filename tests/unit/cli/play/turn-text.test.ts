import { describe, expect, it } from "vitest";

import { drawPlanes } from "../../../../src/cli/play/position-text.ts";
import {
  endText,
  helpText,
  openingText,
  turnText,
  valuesText,
  type Table,
} from "../../../../src/cli/play/turn-text.ts";
import { plain } from "../../../../src/cli/render/style.ts";
import { emptyBoard } from "../../../../src/games/tictactoe-board.ts";
import type { PlayEnd, PlayView } from "../../../../src/games/play/play-view.ts";

const table: Table = { game: "tictactoe", against: "greedy", seed: 5, hint: false, paint: plain };
const board = emptyBoard.with(0, "X").with(4, "O");
const view: PlayView = {
  seat: "X",
  step: 3,
  observation: { board, player: "X" },
  legal: [1, 2, 3, 5, 6, 7, 8],
  board,
  answer: 4,
};
const connectFour: PlayView = {
  seat: "1",
  step: 1,
  observation: {
    observation: [
      [
        [0, 0],
        [1, 0],
      ],
      [
        [0, 1],
        [0, 0],
      ],
    ],
    action_mask: [1, 0, 1],
  },
  legal: [0, 2],
};

function verdict(end: PlayEnd): string {
  return endText(table, { ...view, legal: [], end }, end).at(-1)!;
}

describe("a game opens", () => {
  it("with who plays whom, and who moves first", () => {
    expect(openingText(table, "X")[0]).toBe("tictactoe · you are X against greedy; you move first · seed 5");
    expect(openingText(table, "O")[0]).toContain("greedy moves first");
  });
});

describe("a turn", () => {
  it("says what the other side took, and shows the board", () => {
    expect(turnText(table, view)).toEqual([
      "greedy plays 4",
      "",
      "   X │ 1 │ 2",
      "  ───┼───┼───",
      "   3 │ O │ 5",
      "  ───┼───┼───",
      "   6 │ 7 │ 8",
      "",
    ]);
  });

  it("has hints where they are asked for", () => {
    expect(turnText({ ...table, hint: true }, view).at(-1)).toMatch(
      /^with perfect play: draws: 1 2 3 5 6 7 8$/,
    );
    expect(valuesText(connectFour)).toBe("this game has no hints");
  });

  it("of another game shows its planes and its legal moves", () => {
    expect(turnText(table, connectFour)).toEqual(["", "  . x", "  o .", "", "legal moves: 0 2"]);
    expect(turnText(table, { seat: "1", step: 1, observation: [0.5], legal: null })).toEqual([
      "",
      "  [0.5]",
      "",
      "legal moves: this game does not list them",
    ]);
  });

  it("never lets what came out of a sandbox move the cursor", () => {
    const hostile = { seat: "1", step: 1, observation: "\u001b[2J\u202e".repeat(500), legal: null };
    const text = turnText(table, hostile).join("\n");
    expect(text).not.toContain("\u001b");
    expect(text).not.toContain("\u202e");
    expect(text.length).toBeLessThan(600);
  });
});

describe("a game ends", () => {
  it("by the rules", () => {
    expect(verdict({ how: "finished", winner: "you" })).toBe("you win");
    expect(verdict({ how: "finished", winner: "policy" })).toBe("greedy wins");
    expect(verdict({ how: "finished", winner: "draw" })).toBe("a draw");
    expect(verdict({ how: "resigned", winner: "policy" })).toBe("you resign: greedy wins");
    expect(verdict({ how: "left", winner: null })).toBe("the game ends without a winner");
  });

  it("by a fault, with whose it was and when", () => {
    const forfeit = { seat: "O", fault: "crash", message: "ValueError: \u001b[2Jthird", step: 4 } as const;
    expect(verdict({ how: "forfeit", winner: "you", forfeit })).toBe(
      String.raw`you win: greedy forfeits by crash at move 4: ValueError: \x1b[2Jthird`,
    );
    const early = { seat: "O", fault: "no_policy", message: "" } as const;
    expect(verdict({ how: "forfeit", winner: "you", forfeit: early })).toBe(
      "you win: greedy forfeits by no_policy before its first move",
    );
  });

  it("by trouble of the host", () => {
    expect(verdict({ how: "failed", winner: null, trouble: "the sandbox died" })).toBe(
      "the game could not be finished: the sandbox died",
    );
  });
});

it("help names every word and the legal moves", () => {
  const text = helpText(view).join("\n");
  for (const word of ["1 2 3 5 6 7 8", "hint", "back", "undo", "swap", "resign", "board", "help"])
    expect(text).toContain(word);
});

it("only a board of two planes is drawn as one", () => {
  expect(drawPlanes([[[1, 0]], [[0, 1]]], plain)).toEqual(["  x", "  o"]);
  for (const other of [[], [[]], [[[1, 1]]], [[[1, 0, 0]]], [1, 2], "text", null, [[[0.5, 0]]]])
    expect(drawPlanes(other, plain)).toBeUndefined();
});
