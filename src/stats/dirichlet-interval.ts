import { badNumber, checkCounts, type Interval, levelOf } from "./interval.ts";
import { quantileOfSorted } from "./moments.ts";
import { streamOf } from "./seeded-stream.ts";

/** The most values a support may have for {@link dirichletInterval} to be the rule. */
export const largestSupport = 25;

/**
 * The interval of the mean of a variable that takes finitely many values, from how often each was seen.
 *
 * The posterior of the values' probabilities under a Dirichlet prior of total weight 1, spread evenly: quantiles of
 * Σ vₖθₖ over seeded draws. It is drawn out to the sample mean where it would exclude it: a policy that always wins
 * has a true mean at the very end. The draws depend on the counts alone, so order never matters, and the intervals
 * of two levels are nested.
 *
 * @throws SameseedError `bad_argument` for counts that are not whole, no observation, or fewer than two values
 */
export function dirichletInterval(
  support: readonly number[],
  counts: readonly number[],
  options: { readonly level?: number; readonly draws?: number } = {},
): Interval {
  const level = levelOf(options);
  checkCounts("counts", counts);
  if (support.length !== counts.length || new Set(support).size !== support.length || support.length < 2)
    throw badNumber("support", support.length, "two or more different values, one for each count");
  const means = posteriorMeans(support, counts, options.draws ?? 10_000);
  const mean = sampleMean(support, counts);
  return {
    low: Math.min(quantileOfSorted(means, (1 - level) / 2), mean),
    high: Math.max(quantileOfSorted(means, (1 + level) / 2), mean),
    level,
    method: "dirichlet",
  };
}

/** Draws of the mean from the posterior, in ascending order. */
function posteriorMeans(support: readonly number[], counts: readonly number[], draws: number): Float64Array {
  const order = support.map((_, index) => index).sort((a, b) => (support[a] ?? 0) - (support[b] ?? 0));
  const values = order.map((index) => support[index] ?? 0);
  const seen = order.map((index) => counts[index] ?? 0);
  const stream = streamOf("dirichlet", [...values, ...seen]);
  const shapes = seen.map((count) => count + 1 / seen.length);
  const means = new Float64Array(draws);
  for (let draw = 0; draw < draws; draw++) {
    let total = 0;
    let weighted = 0;
    for (const [index, shape] of shapes.entries()) {
      const weight = stream.gamma(shape);
      total += weight;
      weighted += weight * (values[index] ?? 0);
    }
    means[draw] = weighted / total;
  }
  return means.sort();
}

function sampleMean(support: readonly number[], counts: readonly number[]): number {
  let sum = 0;
  let total = 0;
  for (const [index, count] of counts.entries()) {
    sum += count * (support[index] ?? 0);
    total += count;
  }
  return sum / total;
}
