import { expect, test } from "vitest";
import { toMatchGame } from "../../../../src/evaluate/matchup/match-game.ts";

const played = { seed: 1, game: 2, gameSeed: 3, moves: 5, reward: 1 };

test("a win of the first seat is policy x's where it sits there, and its loss where it does not", () => {
  expect(toMatchGame({ ...played, score: 1 }, false).score).toBe(1);
  expect(toMatchGame({ ...played, score: 1 }, true).score).toBe(-1);
  expect(Object.is(toMatchGame({ ...played, reward: 0, score: 0 }, true).score, 0)).toBe(true);
});

test.each([
  { score: -1, swapped: false, by: "x" },
  { score: -1, swapped: true, by: "o" },
  { score: 1, swapped: false, by: "o" },
  { score: 1, swapped: true, by: "x" },
])(
  "a forfeit that gives the first seat $score, swapped $swapped, is policy $by's",
  ({ score, swapped, by }) => {
    const forfeit = { seat: "whoever", fault: "crash", message: "it did", step: 3 } as const;
    expect(toMatchGame({ ...played, forfeit, score }, swapped).forfeit).toEqual({
      by,
      fault: "crash",
      message: "it did",
      step: 3,
    });
  },
);

test("a game that the host could not play has no score and no digest", () => {
  expect(toMatchGame({ ...played, infra: "no memory", score: null }, true)).toEqual({
    seed: 1,
    game: 2,
    swapped: true,
    score: null,
    infra: "no memory",
    steps: 5,
    digest: "",
    playDigest: "",
  });
});
