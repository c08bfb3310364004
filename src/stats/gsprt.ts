import { neloScale, scoreOfElo } from "./elo.ts";
import { badNumber } from "./interval.ts";
import { momentsOf, type ScoreCounts, scoresOf } from "./score-counts.ts";

/*
 * The generalised likelihood ratio of two hypotheses about game results.
 *
 * A hypothesis fixes the mean score (logistic Elo) or the mean in standard deviations (normalised Elo) and leaves the
 * rest of the distribution free; it is judged by the distribution closest to the observed one that keeps it. Such a
 * distribution is p̂ᵢ / (1 + θφᵢ), with φ the constraint's direction and θ the root of Σ p̂ᵢφᵢ/(1+θφᵢ) = 0 (Van den
 * Bergh, "The generalized maximum likelihood ratio for multinomial distributions"). For a mean, φ is known. For
 * normalised Elo it depends on the distribution sought, which a fixed point finds (the same author's "A practical
 * introduction to normalized Elo", 4.1; the closed form for display is its 4.2).
 */

/** The Elo scale of a hypothesis. */
export type EloModel = "normalised" | "logistic";

/** A column that nobody has hit counts this much: an outcome not yet seen is not impossible. */
const emptyColumn = 1e-3;

/** The steepest start of the fixed point, which is beyond ±5000 normalised Elo. */
const steepest = 50;

/** The two hypotheses, in Elo of the model. */
export interface Hypotheses {
  readonly elo0: number;
  readonly elo1: number;
  /** @default "normalised" */
  readonly model?: EloModel;
}

/**
 * ln of the likelihood ratio of `elo1` to `elo0`, from pairs (5 counts) or games (3 counts).
 * @throws SameseedError `bad_argument` for counts of another form, or hypotheses that are not elo0 < elo1
 */
export function logLikelihoodRatio(counts: ScoreCounts, hypotheses: Hypotheses): number {
  momentsOf(counts);
  checkHypotheses(hypotheses);
  const filled = counts.map((count) => (count === 0 ? emptyColumn : count));
  const total = filled.reduce((sum, count) => sum + count, 0);
  const observed = filled.map((count) => count / total);
  const scores = scoresOf(counts);
  const closest = (elo: number): readonly number[] =>
    hypotheses.model === "logistic"
      ? withMean(observed, scores, scoreOfElo(elo))
      : withNormalisedExcess(observed, scores, (elo / neloScale) * Math.sqrt((scores.length - 1) / 2));
  const against = closest(hypotheses.elo0);
  const towards = closest(hypotheses.elo1);
  let sum = 0;
  for (const [index, share] of observed.entries())
    sum += share * Math.log((towards[index] ?? 0) / (against[index] ?? 0));
  return total * sum;
}

/**
 * The closed form of the normalised ratio, for a display that follows every pair: equal to three digits for small
 * effects, off by a tenth on thirty pairs with a large one. Verdicts use {@link logLikelihoodRatio}.
 * @throws SameseedError `bad_argument` as {@link logLikelihoodRatio} does
 */
export function approximateLogLikelihoodRatio(counts: ScoreCounts, hypotheses: Hypotheses): number {
  const { games, score, variance, gameScale } = momentsOf(counts);
  checkHypotheses(hypotheses);
  // One column's worth of doubt, where all results are equal.
  const perGame = Math.sqrt(Math.max(variance, emptyColumn / games)) * gameScale;
  const excess = (score - 0.5) / perGame;
  const inExcess = (elo: number): number =>
    hypotheses.model === "logistic" ? (scoreOfElo(elo) - 0.5) / perGame : elo / neloScale;
  const [t0, t1] = [inExcess(hypotheses.elo0), inExcess(hypotheses.elo1)];
  return (games / 2) * Math.log((1 + (excess - t0) ** 2) / (1 + (excess - t1) ** 2));
}

/** @throws SameseedError `bad_argument` unless elo0 < elo1, both finite */
export function checkHypotheses({ elo0, elo1 }: Hypotheses): void {
  if (!(Number.isFinite(elo0) && Number.isFinite(elo1) && elo0 < elo1))
    throw badNumber("elo", `${elo0}, ${elo1}`, "two numbers, the smaller one first");
}

/** The distribution closest to `observed` whose mean is `mean`, between the least and the greatest score. */
function withMean(observed: readonly number[], scores: readonly number[], mean: number): readonly number[] {
  return tilted(
    observed,
    scores.map((score) => score - mean),
  );
}

/** The distribution closest to `observed` whose mean exceeds ½ by `excess` of its standard deviations. */
function withNormalisedExcess(
  observed: readonly number[],
  scores: readonly number[],
  excess: number,
): readonly number[] {
  let found = exponentialWithExcess(scores, excess);
  for (let round = 0; round < 200; round++) {
    const { mean, sd } = shapeOf(found, scores);
    const directions = scores.map(
      (score) => score - 0.5 - 0.5 * excess * sd * (1 + ((score - mean) / sd) ** 2),
    );
    const next = tilted(observed, directions);
    const change = Math.max(...next.map((share, index) => Math.abs(share - (found[index] ?? 0))));
    found = next;
    if (change < 1e-10) break;
  }
  return found;
}

/**
 * Where the fixed point starts: the shares proportional to exp(κ score) that have the excess sought. Even shares, for an
 * excess of 0. For any other the start must have it too: from even shares there is no θ where the excess is large.
 */
function exponentialWithExcess(scores: readonly number[], excess: number): readonly number[] {
  let [low, high] = [-steepest, steepest];
  const sharesAt = (kappa: number): readonly number[] => {
    const weights = scores.map((score) => Math.exp(kappa * (score - (kappa > 0 ? 1 : 0))));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  };
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    const { mean, sd } = shapeOf(sharesAt(middle), scores);
    if ((mean - 0.5) / sd < excess) low = middle;
    else high = middle;
  }
  return sharesAt((low + high) / 2);
}

function shapeOf(shares: readonly number[], scores: readonly number[]): { mean: number; sd: number } {
  const mean = expect(shares, scores);
  const squares = scores.map((score) => (score - mean) ** 2);
  return { mean, sd: Math.sqrt(expect(shares, squares)) };
}

/** p̂ᵢ / (1 + θφᵢ) with Σ p̂ᵢφᵢ/(1+θφᵢ) = 0; the sum falls with θ between its two poles. */
function tilted(observed: readonly number[], directions: readonly number[]): readonly number[] {
  let low = -1 / Math.max(...directions);
  let high = -1 / Math.min(...directions);
  const slope = (theta: number): number =>
    observed.reduce((sum, share, index) => {
      const direction = directions[index] ?? 0;
      return sum + (share * direction) / (1 + theta * direction);
    }, 0);
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (slope(middle) > 0) low = middle;
    else high = middle;
  }
  const theta = (low + high) / 2;
  return observed.map((share, index) => share / (1 + theta * (directions[index] ?? 0)));
}

function expect(shares: readonly number[], values: readonly number[]): number {
  return shares.reduce((sum, share, index) => sum + share * (values[index] ?? 0), 0);
}
