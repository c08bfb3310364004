import { expect, test } from "vitest";
import { selfCheckKeys, unequalPairs } from "../../../../src/evaluate/matchup/self-check.ts";
import { game } from "./hand-made.ts";

/** Both games of a policy against itself: the same game, so the same digest and opposite scores. */
function twice(seed: number, number: number, score: number, digests: readonly [string, string]) {
  return [
    game(score, { seed, game: number, digest: digests[0] }),
    game(-score, { seed, game: number, swapped: true, digest: digests[1] }),
  ];
}

test("equal games are equal, draws among them", () => {
  expect(unequalPairs([...twice(1, 0, 1, ["a", "a"]), ...twice(2, 0, 0, ["b", "b"])])).toEqual([]);
});

test("other bytes are found even where the result is the same; the first game of each seed is named", () => {
  const games = [...twice(2, 1, 1, ["a", "b"]), ...twice(2, 0, 1, ["c", "d"]), ...twice(1, 0, 0, ["e", "f"])];
  expect(unequalPairs(games)).toEqual([
    { seed: 1, game: 0 },
    { seed: 2, game: 0 },
  ]);
});

test("another result is found even where the bytes claim to be the same", () => {
  const games = [game(1, { digest: "a" }), game(1, { digest: "a", swapped: true })];
  expect(unequalPairs(games)).toEqual([{ seed: 0, game: 0 }]);
});

test("what the host could not play, or a limit cut off, says nothing", () => {
  const forfeit = { by: "x", fault: "cpu_limit", message: "too slow" } as const;
  expect(
    unequalPairs([
      game(null, { digest: "" }),
      game(1, { swapped: true, digest: "a" }),
      game(-1, { game: 1, digest: "b", forfeit }),
      game(1, { game: 1, swapped: true, digest: "c", forfeit }),
    ]),
  ).toEqual([]);
});

test("there are always four seeds, the matchup's first", () => {
  expect(new Set(selfCheckKeys([9, 8, 7, 6, 5]).map(({ seed }) => seed))).toEqual(new Set([9, 8, 7, 6]));
  expect(new Set(selfCheckKeys([1]).map(({ seed }) => seed))).toEqual(new Set([1, 0, 2, 3]));
});
