import { levelOf } from "./interval.ts";
import { normalCdf, normalQuantile } from "./normal.ts";
import { momentsOf, type ScoreCounts } from "./score-counts.ts";
import { scoreInterval } from "./score-interval.ts";

/*
 * Elo differences from game results.
 *
 * Logistic Elo says how often one wins: score = 1 / (1 + 10^(-elo/400)). Normalised Elo says how hard it is to see:
 * the excess over ½ in standard deviations of one game, times 800/ln 10, so that both agree where no game is drawn and
 * the players are near (Van den Bergh, "Normalized Elo"). The symmetric error bars are those of chess testing tools;
 * they vanish where every result is the same, so the interval beside them is that of the score (`scoreInterval`),
 * carried through the same formula.
 */

/** Normalised Elo of one standard deviation of a game: 800 / ln 10. */
export const neloScale: number = 800 / Math.LN10;

/** Scores are kept this far from 0 and 1, where Elo is infinite: at most 1200 Elo. */
const scoreEdge = 1e-3;

/** A difference in Elo; positive where the first policy is better. */
export interface EloDifference {
  readonly value: number;
  /** Half the width of the symmetric interval; null if all results are equal. */
  readonly error: number | null;
  readonly low: number;
  readonly high: number;
}

/** The strength of the first policy against the second. */
export interface EloEstimate {
  readonly games: number;
  /** Mean score of the first policy per game, from 0 to 1. */
  readonly score: number;
  /** Logistic Elo. `low` and `high` are the interval of the score in Elo. */
  readonly elo: EloDifference;
  /** Normalised Elo; `low` and `high` are `value` ∓ `error`, or the score's interval where there is no error. */
  readonly nelo: EloDifference;
  /** Likelihood of superiority, from 0 to 1: Φ of the excess over ½ in standard errors. */
  readonly los: number;
  readonly level: number;
}

/** The Elo difference at which the first policy's mean score is `score`, at most ±1200. */
export function eloOfScore(score: number): number {
  const inside = Math.min(Math.max(score, scoreEdge), 1 - scoreEdge);
  // Adding 0 makes the negative zero of an even score a plain one.
  return -400 * Math.log10(1 / inside - 1) + 0;
}

/** The mean score at an Elo difference. */
export function scoreOfElo(elo: number): number {
  return 1 / (1 + 10 ** (-elo / 400));
}

/**
 * Elo, normalised Elo and likelihood of superiority from pairs (5 counts) or games (3 counts).
 * @throws SameseedError `bad_argument` for counts of another form
 */
export function eloDifference(counts: ScoreCounts, options: { readonly level?: number } = {}): EloEstimate {
  const level = levelOf(options);
  const { games, units, score, variance, gameScale } = momentsOf(counts);
  const z = normalQuantile((1 + level) / 2);
  const standardError = Math.sqrt(variance / units);
  const spread = scoreInterval(counts, { level });
  const inElo = { low: eloOfScore(spread.low), high: eloOfScore(spread.high) };
  const elo = {
    value: eloOfScore(score),
    error:
      variance === 0
        ? null
        : (eloOfScore(score + z * standardError) - eloOfScore(score - z * standardError)) / 2,
    ...inElo,
  };
  const los = variance === 0 ? losWithoutSpread(score) : normalCdf((score - 0.5) / standardError);
  return { games, score, elo, nelo: normalised(), los, level };

  function normalised(): EloDifference {
    const perGame = Math.sqrt(variance) * gameScale;
    // Without spread the unit of the scale is missing: the value is Elo's, which is finite.
    if (perGame === 0) return { value: elo.value, error: null, ...inElo };
    const value = ((score - 0.5) / perGame) * neloScale;
    const error = (z * neloScale) / (gameScale * Math.sqrt(units));
    return { value, error, low: value - error, high: value + error };
  }
}

function losWithoutSpread(score: number): number {
  return score === 0.5 ? 0.5 : score > 0.5 ? 1 : 0;
}
