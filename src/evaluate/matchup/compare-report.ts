import { type EloDifference, eloDifference } from "../../stats/elo.ts";
import type { Interval } from "../../stats/interval.ts";
import { pairedDifference } from "../../stats/paired-difference.ts";
import { countPairs, type PairCounts } from "../../stats/score-counts.ts";
import { scoreInterval } from "../../stats/score-interval.ts";
import { sprt, type SprtOptions, type SprtState } from "../../stats/sprt.ts";
import { pointsOf, type Unit } from "./units.ts";

/** How much stronger policy x is than policy o, from pairs of games with swapped seats. */
export interface Strength {
  /** Pairs that count: 1 where all are the same two games. */
  readonly pairs: number;
  /** Pairs by policy x's points in both games: 0, ½, 1, 1½, 2. */
  readonly pentanomial: PairCounts;
  /** The probability that policy x wins a game, a draw counting half, with its interval; null without a pair. */
  readonly better: { readonly value: number; readonly interval: Interval } | null;
  /** Null without a pair. */
  readonly elo: EloDifference | null;
  readonly nelo: EloDifference | null;
  /** Likelihood of superiority, from 0 to 1; null without a pair. */
  readonly los: number | null;
  /** The state of the sequential test. */
  readonly sprt: SprtState;
  /**
   * Pearson's correlation of the first seat's returns in both games of a pair; null if it is not defined.
   */
  readonly correlation: number | null;
  /** The factor by which pairing reduced the games needed; below 1 it cost games; null if it is not defined. */
  readonly varianceReduction: number | null;
}

/** What {@link strengthOf} needs beside the pairs. */
export interface StrengthOptions extends SprtOptions {
  readonly level?: number;
}

/**
 * Policy x's strength. A win is worth a point and a draw half, however large the returns are.
 * @param pairs units of two games each
 */
export function strengthOf(pairs: readonly Unit[], options: StrengthOptions): Strength {
  const pentanomial = countPairs(pairs.map(pointsOf));
  const sequential = sprt(pentanomial, options);
  if (pairs.length === 0)
    return {
      pairs: 0,
      pentanomial,
      better: null,
      elo: null,
      nelo: null,
      los: null,
      sprt: sequential,
      correlation: null,
      varianceReduction: null,
    };
  const { score, elo, nelo, los } = eloDifference(pentanomial, options);
  // Both games as the first seat saw them: the same streams at the same seats, other policies on them.
  const { correlation, varianceReduction } = pairedDifference(
    pairs.map(({ scores }) => scores[0] ?? 0),
    pairs.map(({ scores }) => -(scores[1] ?? 0)),
  );
  return {
    pairs: pairs.length,
    pentanomial,
    better: { value: score, interval: scoreInterval(pentanomial, options) },
    elo,
    nelo,
    los,
    sprt: sequential,
    correlation,
    varianceReduction,
  };
}
