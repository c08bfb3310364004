import type { MatchGame } from "../../../../src/evaluate/matchup/match-game.ts";
import type { MatchupFacts } from "../../../../src/evaluate/matchup/report-matchup.ts";
import { placesOf } from "../../../../src/evaluate/matchup/unit-keys.ts";

/** What a hand-made game is, beside its score. */
type Details = Partial<Omit<MatchGame, "score">>;

/** One game, under seed 0 unless something else is said. */
export function game(score: number | null, details: Details = {}): MatchGame {
  const { seed = 0, game: number = 0, swapped = false } = details;
  const digest = `${seed}/${number}/${swapped}`;
  return { seed, game: number, swapped, score, steps: 7, digest, playDigest: digest, ...details };
}

/** A pair: policy x's score at the first seat, then at the second. */
export function pair(number: number, scores: readonly [number | null, number | null], seed = 0): MatchGame[] {
  return [game(scores[0], { seed, game: number }), game(scores[1], { seed, game: number, swapped: true })];
}

/** What a report is made with, unless something else is said. */
export function facts(given: Partial<MatchupFacts> = {}): MatchupFacts {
  const seeds = given.seeds ?? [0];
  return {
    spec: "sha256:none",
    env: "tictactoe",
    x: "a",
    o: "b",
    seeds,
    swap: true,
    placeOf: placesOf({ seeds, unitsPerSeed: 1000 }),
    support: [-1, 0, 1],
    anytime: false,
    ...given,
  };
}
