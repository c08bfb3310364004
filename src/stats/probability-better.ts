import { dirichletInterval } from "./dirichlet-interval.ts";
import { checkValues, type Interval, levelOf, type MeanEstimate } from "./interval.ts";
import { normalQuantile } from "./normal.ts";
import { checkPairs } from "./paired-difference.ts";

/*
 * P(A>B): the probability that a return of A is above one of B, ties counting half. On common seeds the question is
 * asked seed by seed; between independent arms it is the Mann-Whitney statistic U / (m n).
 */

/**
 * P(A>B) on common seeds: the share of seeds on which `a[i] > b[i]`, ties 1/2, with a Dirichlet interval.
 * @throws SameseedError `bad_argument` for lists of different length, no values, or values that are not finite
 */
export function probabilityBetterPaired(
  a: readonly number[],
  b: readonly number[],
  options: { readonly level?: number; readonly draws?: number } = {},
): MeanEstimate {
  checkPairs(a, b);
  const counts: [number, number, number] = [0, 0, 0];
  for (const [index, value] of a.entries()) {
    const other = b[index] ?? 0;
    counts[value > other ? 2 : value === other ? 1 : 0]++;
  }
  return {
    mean: (counts[2] + counts[1] / 2) / a.length,
    n: a.length,
    interval: dirichletInterval([0, 0.5, 1], counts, options),
  };
}

/**
 * P(A>B) between independent returns, with Newcombe's score interval (Statistics in Medicine 25, 2006, method 5: the
 * variance of Hanley and McNeil, 1982, at the interval's end rather than at the estimate, so that it has a width also
 * where every A is above every B). `n` is the smaller sample's size.
 * @throws SameseedError `bad_argument` for no values, or values that are not finite
 */
export function probabilityBetter(
  a: readonly number[],
  b: readonly number[],
  options: { readonly level?: number } = {},
): MeanEstimate {
  checkValues("a", a);
  checkValues("b", b);
  const mean = mannWhitney(a, b);
  return {
    mean,
    n: Math.min(a.length, b.length),
    interval: newcombe(mean, a.length, b.length, levelOf(options)),
  };
}

/** U / (m n), in O((m + n) log(m + n)): walks both sorted lists at once. */
function mannWhitney(a: readonly number[], b: readonly number[]): number {
  const sorted = [...b].sort((x, y) => x - y);
  let below = 0;
  let belowOrEqual = 0;
  let wins = 0;
  for (const value of [...a].sort((x, y) => x - y)) {
    while (below < sorted.length && (sorted[below] ?? 0) < value) below++;
    while (belowOrEqual < sorted.length && (sorted[belowOrEqual] ?? 0) <= value) belowOrEqual++;
    wins += (below + belowOrEqual) / 2;
  }
  return wins / (a.length * b.length);
}

/** The θ at which |θ̂ - θ| is z standard errors, on either side of θ̂. */
function newcombe(estimate: number, m: number, n: number, level: number): Interval {
  const z = normalQuantile((1 + level) / 2);
  const size = (m + n) / 2 - 1;
  const distance = (theta: number): number => {
    const spread = 1 + size * ((1 - theta) / (2 - theta) + theta / (1 + theta));
    return Math.abs(estimate - theta) - z * Math.sqrt((theta * (1 - theta) * spread) / (m * n));
  };
  return {
    low: estimate === 0 ? 0 : crossing(distance, estimate, 0),
    high: estimate === 1 ? 1 : crossing(distance, estimate, 1),
    level,
    method: "newcombe",
  };
}

/** Where a function that is below 0 at `inside` and above it at `outside` changes sign. */
function crossing(f: (x: number) => number, inside: number, outside: number): number {
  let [low, high] = [inside, outside];
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (f(middle) > 0) high = middle;
    else low = middle;
  }
  return high;
}
