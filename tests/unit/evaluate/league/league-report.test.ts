import fc from "fast-check";
import { expect, it } from "vitest";

import { tabulate } from "../../../../src/evaluate/league/league-report.ts";
import { countPairing, type LeagueGame, type Pairing } from "../../../../src/evaluate/league/pairing.ts";

function game(number: number, score: number | null, more: Partial<LeagueGame> = {}): LeagueGame {
  return { game: number, score, digest: `sha256:d${number}`, playDigest: `sha256:p${number}`, ...more };
}

it("counts seats, pairs, faults and what the host failed apart", () => {
  const crash = { fault: "policy_error" };
  const pairing = countPairing(
    ["a", "b"],
    [game(3, 0), game(0, 1), game(1, 1, crash), game(2, null)],
    [game(0, -1), game(1, 1), game(2, 1), game(3, 0, { playDigest: "sha256:p1" })],
  );
  const [first, second] = pairing.legs;
  expect(first).toMatchObject({ x: "a", o: "b", xWins: 2, draws: 1, oWins: 0, infra: 1, distinct: 3 });
  expect(first.faults).toEqual({ x: {}, o: { policy_error: 1 } });
  expect(second).toMatchObject({ x: "b", o: "a", xWins: 2, draws: 1, oWins: 1, infra: 0, distinct: 3 });
  // Pair 0: both won by a; pair 1: a win each; pair 2: left out; pair 3: two draws.
  expect(pairing.pentanomial).toEqual([0, 0, 2, 0, 1]);
});

it("does not depend on the order games finish in", () => {
  const games = [game(0, 1), game(1, -1), game(2, 0), game(3, null)];
  const whole = countPairing(["a", "b"], games, games);
  fc.assert(
    fc.property(fc.shuffledSubarray(games, { minLength: 4 }), (shuffled) => {
      expect(countPairing(["a", "b"], shuffled, games)).toEqual(whole);
    }),
  );
});

const pairings: readonly Pairing[] = [
  countPairing(["a", "b"], [game(0, 1), game(1, 1)], [game(0, 0), game(1, -1)]),
  countPairing(["a", "c"], [game(0, 1), game(1, 0)], [game(0, -1), game(1, 1)]),
  countPairing(["b", "c"], [game(0, 1), game(1, -1)], [game(0, 0), game(1, 0)]),
];

it("rates, tallies and pays out", () => {
  const table = tabulate(["a", "b", "c"], pairings);
  expect(table.ratings?.ratings.map(({ player }) => player)[0]).toBe("a");
  const names = table.players.map(({ player }) => player);
  expect(names).toEqual(table.ratings?.ratings.map(({ player }) => player));
  expect(table.players[0]).toEqual({
    player: "a",
    wins: 5,
    draws: 2,
    losses: 1,
    meanAsX: 0.75,
    meanAsO: 0.25,
    faults: {},
    effective: 8,
  });
  const [a, b] = [names.indexOf("a"), names.indexOf("b")];
  expect(table.payoffs[a]?.[b]).toEqual({ x: "a", o: "b", meanReturn: 1, games: 2, distinct: 2 });
  expect(table.payoffs[b]?.[a]?.meanReturn).toBe(-0.5);
  expect(table.payoffs.map((row, at) => row[at])).toEqual([null, null, null]);
  expect({ games: table.games, infra: table.infra }).toEqual({ games: 12, infra: 0 });
  // What one wins the other loses, so the whole league sums to nothing.
  const wins = table.players.reduce((sum, line) => sum + line.wins - line.losses, 0);
  expect(wins).toBe(0);
});

it("counts the same game once, however often it was played", () => {
  const same = (count: number, score: number): LeagueGame[] =>
    Array.from({ length: count }, (_, at) => game(at, score, { playDigest: `sha256:${score}` }));
  const of = (count: number): ReturnType<typeof tabulate> =>
    tabulate(
      ["a", "b", "c"],
      [countPairing(["a", "b"], same(count, 1), same(count, 0)), ...pairings.slice(1)],
    );
  const [few, many] = [of(2), of(200)];
  // 198 more of the same games change nothing that is said of how good anybody is, and all that is said of what was played.
  expect(many.ratings?.covariance).toEqual(few.ratings?.covariance);
  expect(many.ratings?.ratings.map(({ player, elo, low, high }) => ({ player, elo, low, high }))).toEqual(
    few.ratings?.ratings.map(({ player, elo, low, high }) => ({ player, elo, low, high })),
  );
  expect({ games: many.games, effective: many.effective }).toEqual({ games: 408, effective: 10 });
  const a = many.players.find(({ player }) => player === "a")!;
  expect({ wins: a.wins, effective: a.effective }).toEqual({ wins: 202, effective: 6 });
  const rated = many.ratings?.ratings.find(({ player }) => player === "a");
  expect(rated?.games).toBe(404);
});

it("does not depend on the order of pairings", () => {
  const forwards = tabulate(["a", "b", "c"], pairings);
  expect(tabulate(["a", "b", "c"], pairings.toReversed())).toEqual(forwards);
});

it("shows a league that has barely begun", () => {
  const nothing = tabulate(["a", "b"], []);
  expect(nothing.ratings).toBeUndefined();
  expect(nothing.players.map(({ player, meanAsX }) => [player, meanAsX])).toEqual([
    ["a", null],
    ["b", null],
  ]);
  const dead = tabulate(["a", "b"], [countPairing(["a", "b"], [game(0, null)], [game(0, null)])]);
  expect({ infra: dead.infra, ratings: dead.ratings }).toEqual({ infra: 2, ratings: undefined });
  const partly = tabulate(["a", "b", "c"], [pairings[0]!]);
  expect(partly.players.map(({ player }) => player)).toEqual(["a", "b", "c"]);
  expect(partly.payoffs[0]?.[2]).toBeNull();
});

it("has no minus zero, which JSON would show", () => {
  const drawn = tabulate(["a", "b"], [countPairing(["a", "b"], [game(0, 0)], [game(0, 0)])]);
  for (const { meanAsX, meanAsO } of drawn.players) {
    expect(Object.is(meanAsX, 0)).toBe(true);
    expect(Object.is(meanAsO, 0)).toBe(true);
  }
});
