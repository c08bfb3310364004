import { bcaInterval } from "./bca-interval.ts";
import { dirichletInterval, largestSupport } from "./dirichlet-interval.ts";
import { distinctValues, toleranceOf } from "./distinct-values.ts";
import {
  badNumber,
  checkValues,
  type Interval,
  type IntervalOptions,
  levelOf,
  type MeanEstimate,
  rangeOf,
} from "./interval.ts";
import { type Cluster, clustersOf, ratioError, ratioMean } from "./ratio-sample.ts";
import { studentQuantile } from "./student-t.ts";

/*
 * Which interval a mean gets. In this order:
 *
 *   1. every possible value is declared and they are at most 25        dirichlet over the declared values
 *   2. nothing is declared, at most 25 different values were seen,
 *      and each twice or more on average                               dirichlet over the values seen
 *   3. all values are equal, and the range is declared                 dirichlet over range and value
 *   4. all values are equal, or there is one, and nothing is declared  none: both ends infinite
 *   5. 20 values or more                                               bca
 *   6. fewer                                                           t
 *
 * The reason is measured (docs/concepts/statistics.md): where 96 of 100 games are won, half of all samples of 20
 * games are all wins, and whatever estimates the spread from the sample then says that there is none. What is known
 * before the sample - which values can occur - is what keeps the interval honest.
 */

/** From this many independent units on the bootstrap is preferred to Student's t. */
const bootstrapFrom = 20;

/**
 * The mean of independent values, with the interval that the rule above chooses. Same values, in whatever order:
 * same interval. Ends beyond a declared range are cut off at it.
 * @throws SameseedError `bad_argument` for no values, values that are not finite, or values outside what was declared
 */
export function meanInterval(values: readonly number[], options: IntervalOptions = {}): MeanEstimate {
  checkValues("values", values);
  const support = options.support === undefined ? undefined : distinctValues(options.support);
  if (support !== undefined && support.length >= 2 && support.length <= largestSupport)
    return discrete(values, support, options);
  const seen = distinctValues(values);
  if (support === undefined && seen.length > 1 && seen.length <= Math.min(largestSupport, values.length / 2))
    return discrete(values, seen, options);
  return continuous(clustersOf(values.map((value) => [value])), options);
}

/**
 * The mean of observations that are independent between clusters only (the games of one seed): the cluster is the
 * unit. `options` speak of single observations. Clusters of one size are judged by their means, as
 * {@link meanInterval} would; others by the bootstrap or t for the ratio of sums.
 * @throws SameseedError `bad_argument` as {@link meanInterval} does, and for an empty cluster
 */
export function clusterInterval(
  clusters: readonly (readonly number[])[],
  options: IntervalOptions = {},
): MeanEstimate {
  if (clusters.length === 0) throw badNumber("clusters", "nothing", "at least one cluster");
  for (const cluster of clusters) checkValues("clusters", cluster);
  const size = clusters[0]?.length ?? 0;
  const units = clustersOf(clusters);
  if (units.some((unit) => unit.size !== size)) return continuous(units, options);
  const range = rangeOf(options);
  const support = options.support === undefined ? undefined : supportOfMeans(options.support, size);
  return meanInterval(
    units.map((unit) => unit.sum / unit.size),
    {
      ...(options.level === undefined ? {} : { level: options.level }),
      ...(options.draws === undefined ? {} : { draws: options.draws }),
      ...(range === undefined ? {} : { range }),
      ...(support === undefined ? {} : { support }),
    },
  );
}

/** Every mean of `size` values of a support, or undefined where they are more than a Dirichlet interval takes. */
function supportOfMeans(support: readonly number[], size: number): readonly number[] | undefined {
  let sums: readonly number[] = [0];
  for (let count = 0; count < size; count++) {
    sums = distinctValues(sums.flatMap((sum) => support.map((value) => sum + value)));
    if (sums.length > largestSupport) return undefined;
  }
  return sums.map((sum) => sum / size);
}

/** Rules 1 and 2. */
function discrete(
  values: readonly number[],
  support: readonly number[],
  options: IntervalOptions,
): MeanEstimate {
  const counts = support.map(() => 0);
  const tolerance = toleranceOf(support);
  for (const value of values) {
    const index = support.findIndex((candidate) => Math.abs(candidate - value) <= tolerance);
    if (index < 0) throw badNumber("values", value, `one of the declared values ${support.join(", ")}`);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  const mean = ratioMean(clustersOf(values.map((value) => [value])));
  return { mean, n: values.length, interval: holding(mean, dirichletInterval(support, counts, options)) };
}

/** Rules 3 to 6. */
function continuous(units: readonly Cluster[], options: IntervalOptions): MeanEstimate {
  const level = levelOf(options);
  const range = rangeOf(options);
  const mean = ratioMean(units);
  const n = units.length;
  if (range !== undefined && units.some(({ sum, size }) => outside(sum / size, range)))
    throw badNumber("values", "one outside", `from ${range[0]} to ${range[1]}`);
  const error = ratioError(units);
  // An error of the size of rounding is no spread.
  if (error <= 1e-14 * Math.abs(mean)) return { mean, n, interval: withoutSpread(mean, n, range, options) };
  const made = n >= bootstrapFrom ? bcaInterval(units, level, options.draws) : undefined;
  const interval = made !== undefined && made.low < made.high ? made : student(mean, error, n, level);
  return {
    mean,
    n,
    interval: {
      ...interval,
      low: Math.max(interval.low, range?.[0] ?? Number.NEGATIVE_INFINITY),
      high: Math.min(interval.high, range?.[1] ?? Number.POSITIVE_INFINITY),
    },
  };
}

function outside(value: number, range: readonly [number, number]): boolean {
  const tolerance = toleranceOf(range);
  return value < range[0] - tolerance || value > range[1] + tolerance;
}

function withoutSpread(
  mean: number,
  n: number,
  range: readonly [number, number] | undefined,
  options: IntervalOptions,
): Interval {
  if (range === undefined) {
    return {
      low: Number.NEGATIVE_INFINITY,
      high: Number.POSITIVE_INFINITY,
      level: levelOf(options),
      method: "none",
    };
  }
  const support = distinctValues([...range, mean]);
  const tolerance = toleranceOf(support);
  const counts = support.map((value) => (Math.abs(value - mean) <= tolerance ? n : 0));
  return holding(mean, dirichletInterval(support, counts, options));
}

/** The interval drawn out to the mean as it was summed here: another order of summing may round otherwise. */
function holding(mean: number, interval: Interval): Interval {
  return { ...interval, low: Math.min(interval.low, mean), high: Math.max(interval.high, mean) };
}

function student(mean: number, error: number, n: number, level: number): Interval {
  const reach = studentQuantile((1 + level) / 2, n - 1) * error;
  return { low: mean - reach, high: mean + reach, level, method: "t" };
}
