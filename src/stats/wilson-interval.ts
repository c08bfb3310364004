import { badNumber, type Interval, levelOf } from "./interval.ts";
import { normalQuantile } from "./normal.ts";

/**
 * The interval of a rate: `successes` of `trials`. Formula: E. B. Wilson, JASA 22 (1927).
 * @throws SameseedError `bad_argument` unless 0 <= successes <= trials, both whole, trials above 0
 */
export function wilsonInterval(
  successes: number,
  trials: number,
  options: { readonly level?: number } = {},
): Interval {
  if (!Number.isSafeInteger(trials) || trials < 1)
    throw badNumber("trials", trials, "a whole number above 0");
  if (!Number.isSafeInteger(successes) || successes < 0 || successes > trials)
    throw badNumber("successes", successes, `a whole number from 0 to ${trials}`);
  const level = levelOf(options);
  const z = normalQuantile((1 + level) / 2);
  const rate = successes / trials;
  const share = (z * z) / trials;
  const centre = rate + share / 2;
  const reach = z * Math.sqrt((rate * (1 - rate)) / trials + share / (4 * trials));
  return {
    // At the ends the formula is exactly 0 or 1, and rounding must not lose that.
    low: successes === 0 ? 0 : (centre - reach) / (1 + share),
    high: successes === trials ? 1 : (centre + reach) / (1 + share),
    level,
    method: "wilson",
  };
}
