import { SameseedError } from "../base/error.ts";

/**
 * How an interval was made: `dirichlet`, `bca` and `t` are for means, `wilson` for rates, `newcombe` for P(A>B) of
 * independent arms, `betting` stays valid for repeated looks, `none` means that the data give no bound.
 */
export type IntervalMethod = "dirichlet" | "bca" | "t" | "wilson" | "newcombe" | "betting" | "none";

/** A confidence interval. Never of zero width; with method `none` its ends are infinite. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** The nominal probability of covering the truth, as in 0.95. */
  readonly level: number;
  readonly method: IntervalMethod;
}

/** A mean with its interval. */
export interface MeanEstimate {
  /** The sample mean, always inside the interval. */
  readonly mean: number;
  /** How many independent units the interval counts. */
  readonly n: number;
  readonly interval: Interval;
}

/** What is known of the values before they are seen, and how sure to be. */
export interface IntervalOptions {
  /** @default 0.95 */
  readonly level?: number;
  /** Every value that can occur, seen or not: a game's returns are `[-1, 0, 1]`. */
  readonly support?: readonly number[];
  /** The least and the greatest value that can occur. @default the support's ends, or unknown */
  readonly range?: readonly [low: number, high: number];
  /** How many times the data are resampled or the posterior is drawn. @default 10000, fewer above 2000 values */
  readonly draws?: number;
}

/** The level asked for, or 0.95. @throws SameseedError `bad_argument` unless it is between 0 and 1 */
export function levelOf(options: { readonly level?: number }): number {
  const level = options.level ?? 0.95;
  if (!(level > 0 && level < 1)) throw badNumber("level", level, "a number between 0 and 1");
  return level;
}

/** @throws SameseedError `bad_argument` unless there is a value and all are finite */
export function checkValues(name: string, values: readonly number[]): void {
  if (values.length === 0) throw badNumber(name, "nothing", "at least one number");
  for (const value of values) if (!Number.isFinite(value)) throw badNumber(name, value, "finite numbers");
}

/** @throws SameseedError `bad_argument` unless all are whole numbers of 0 or more and one is above 0 */
export function checkCounts(name: string, counts: readonly number[]): void {
  for (const count of counts) {
    if (!Number.isSafeInteger(count) || count < 0) throw badNumber(name, count, "whole numbers of 0 or more");
  }
  if (!counts.some((count) => count > 0)) throw badNumber(name, "nothing", "at least one count above 0");
}

/** The least and greatest value that can occur, where the options say. */
export function rangeOf(options: IntervalOptions): readonly [low: number, high: number] | undefined {
  const [low, high] = options.range ?? [
    Math.min(...(options.support ?? [])),
    Math.max(...(options.support ?? [])),
  ];
  if (options.range === undefined && options.support === undefined) return undefined;
  if (!(low < high)) throw badNumber("range", `${low}..${high}`, "two values, the smaller one first");
  return [low, high];
}

/** A misuse of a function of statistics, in one form. */
export function badNumber(name: string, got: number | string, want: string): SameseedError {
  return new SameseedError("bad_argument", `${name} must be ${want}, not ${got}`, {
    context: { argument: name },
  });
}
