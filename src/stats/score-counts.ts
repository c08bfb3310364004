import { badNumber, checkCounts } from "./interval.ts";

/**
 * Pairs of games with seats swapped, by what the first policy scored in both: `[0, ½, 1, 1½, 2]` points, in the words
 * of chess [LL, LD, WL+DD, WD, WW].
 */
export type PairCounts = readonly [number, number, number, number, number];

/** Single games of the first policy: `[losses, draws, wins]`. */
export type GameCounts = readonly [losses: number, draws: number, wins: number];

/** Results of either form; pairs wherever both games of a pair were played. */
export type ScoreCounts = PairCounts | GameCounts;

/** What the formulas of Elo and of the sequential test read off the counts. */
export interface ScoreMoments {
  /** Pairs, or games where the counts are of games. */
  readonly units: number;
  /** Games behind them. */
  readonly games: number;
  /** Mean score of a unit, from 0 to 1. */
  readonly score: number;
  /** Variance of one unit's score. */
  readonly variance: number;
  /** √2 for pairs and 1 for games: turns a unit's standard deviation into a game's. */
  readonly gameScale: number;
}

/** The scores that the counts stand for, from 0 to 1. */
export function scoresOf(counts: ScoreCounts): readonly number[] {
  return counts.map((_, index) => index / (counts.length - 1));
}

/** @throws SameseedError `bad_argument` unless there are 3 or 5 whole counts, one of them above 0 */
export function momentsOf(counts: ScoreCounts): ScoreMoments {
  const columns: number = counts.length;
  if (columns !== 3 && columns !== 5) throw badNumber("counts", columns, "3 counts of games or 5 of pairs");
  checkCounts("counts", counts);
  const perUnit = columns === 5 ? 2 : 1;
  const units = counts.reduce<number>((sum, count) => sum + count, 0);
  const scores = scoresOf(counts);
  const expect = (f: (score: number) => number): number =>
    counts.reduce<number>((sum, count, index) => sum + count * f(scores[index] ?? 0), 0) / units;
  const score = expect((value) => value);
  const variance = expect((value) => (value - score) ** 2);
  return { units, games: units * perUnit, score, variance, gameScale: Math.sqrt(perUnit) };
}

/**
 * Pair results counted: each entry is the first policy's points in the two games of a pair, 0 to 2 by halves.
 * @throws SameseedError `bad_argument` for other points
 */
export function countPairs(points: readonly number[]): PairCounts {
  const counts: [number, number, number, number, number] = [0, 0, 0, 0, 0];
  for (const value of points) {
    const index = value * 2;
    if (index !== 0 && index !== 1 && index !== 2 && index !== 3 && index !== 4)
      throw badNumber("points", value, "0, 0.5, 1, 1.5 or 2");
    counts[index]++;
  }
  return counts;
}
