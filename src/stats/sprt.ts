import { checkHypotheses, type Hypotheses, logLikelihoodRatio } from "./gsprt.ts";
import { badNumber } from "./interval.ts";
import type { ScoreCounts } from "./score-counts.ts";

/** A sequential test: two hypotheses and the error rates. */
export interface SprtOptions extends Hypotheses {
  /** Probability of accepting `elo1` where `elo0` is true. @default 0.05 */
  readonly alpha?: number;
  /** Probability of accepting `elo0` where `elo1` is true. @default 0.05 */
  readonly beta?: number;
}

/** The state of a sequential test. */
export interface SprtState {
  /** ln of the likelihood ratio of `elo1` to `elo0`. */
  readonly llr: number;
  /** At or below it `elo0` is accepted: ln(β / (1-α)). */
  readonly low: number;
  /** At or above it `elo1` is accepted: ln((1-β) / α). */
  readonly high: number;
  readonly verdict: "elo0" | "elo1" | "continue";
}

/**
 * Wald's sequential probability ratio test on game results: continue until `verdict` is not "continue". The bounds are
 * Wald's, which hold approximately (Annals of Mathematical Statistics 16, 1945): the overshoot at the end makes the
 * true error rates smaller. An estimate made after stopping is biased towards the verdict.
 * @throws SameseedError `bad_argument` for counts or hypotheses of another form, or α + β of 1 or more
 */
export function sprt(counts: ScoreCounts, options: SprtOptions): SprtState {
  const { low, high } = sprtBounds(options);
  checkHypotheses(options);
  const started = counts.some((count) => count !== 0);
  const llr = started ? logLikelihoodRatio(counts, options) : 0;
  return { llr, low, high, verdict: llr >= high ? "elo1" : llr <= low ? "elo0" : "continue" };
}

/** Wald's bounds. @throws SameseedError `bad_argument` unless α and β are above 0 and their sum below 1 */
export function sprtBounds(options: { readonly alpha?: number; readonly beta?: number }): {
  readonly low: number;
  readonly high: number;
} {
  const { alpha = 0.05, beta = 0.05 } = options;
  if (!(alpha > 0 && beta > 0 && alpha + beta < 1))
    throw badNumber("alpha, beta", `${alpha}, ${beta}`, "two numbers above 0 whose sum is below 1");
  return { low: Math.log(beta / (1 - alpha)), high: Math.log((1 - beta) / alpha) };
}
