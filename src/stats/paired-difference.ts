import { distinctValues } from "./distinct-values.ts";
import { badNumber, checkValues, type IntervalOptions, type MeanEstimate } from "./interval.ts";
import { meanInterval } from "./mean-interval.ts";
import { meanOf, varianceOf } from "./moments.ts";

/** What playing both policies on the same seeds shows. */
export interface PairedDifference extends MeanEstimate {
  /** The mean of the first and of the second policy. */
  readonly means: readonly [first: number, second: number];
  /** Standard deviation of the differences. */
  readonly sd: number;
  /** Pearson's correlation of the two; null if one of them never varies. */
  readonly correlation: number | null;
  /**
   * (s₁² + s₂²) / s_d²: by which factor pairing reduced the number of games needed, below 1 where it cost games;
   * null if the differences never vary.
   */
  readonly varianceReduction: number | null;
}

/**
 * The mean of `first[i] - second[i]`, where both are the return on the same seed. `options.support` and
 * `options.range` speak of single returns; those of the differences follow.
 * @throws SameseedError `bad_argument` for lists of different length and as `meanInterval` does
 */
export function pairedDifference(
  first: readonly number[],
  second: readonly number[],
  options: IntervalOptions = {},
): PairedDifference {
  checkPairs(first, second);
  const differences = first.map((value, index) => value - (second[index] ?? 0));
  const { support, range, ...rest } = options;
  const estimate = meanInterval(differences, {
    ...rest,
    ...(support === undefined ? {} : { support: differencesOf(support) }),
    ...(range === undefined ? {} : { range: [range[0] - range[1], range[1] - range[0]] as const }),
  });
  const variances = [varianceOf(first), varianceOf(second)] as const;
  const variance = varianceOf(differences);
  return {
    ...estimate,
    means: [meanOf(first), meanOf(second)],
    sd: Math.sqrt(variance),
    correlation:
      variances[0] > 0 && variances[1] > 0
        ? covarianceOf(first, second) / Math.sqrt(variances[0] * variances[1])
        : null,
    varianceReduction: variance > 0 ? (variances[0] + variances[1]) / variance : null,
  };
}

/** @throws SameseedError `bad_argument` unless both lists are values of one length */
export function checkPairs(first: readonly number[], second: readonly number[]): void {
  checkValues("first", first);
  checkValues("second", second);
  if (first.length !== second.length)
    throw badNumber("second", `${second.length} values`, `${first.length}, one for each of the first`);
}

function differencesOf(support: readonly number[]): number[] {
  return distinctValues(support.flatMap((a) => support.map((b) => a - b)));
}

function covarianceOf(first: readonly number[], second: readonly number[]): number {
  const means = [meanOf(first), meanOf(second)] as const;
  let sum = 0;
  for (const [index, value] of first.entries()) sum += (value - means[0]) * ((second[index] ?? 0) - means[1]);
  return sum / (first.length - 1);
}
