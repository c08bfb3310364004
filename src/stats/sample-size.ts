import { badNumber } from "./interval.ts";
import { normalQuantile } from "./normal.ts";

/** What a comparison should be able to tell. */
export interface SampleSizeOptions {
  /** Standard deviation of one unit: of a paired difference, or √2 × that of one arm where arms are independent. */
  readonly sd: number;
  /** The smallest difference of means that must not be missed, in the unit of `sd`. */
  readonly difference: number;
  /** Probability of calling a difference where there is none. @default 0.05 */
  readonly alpha?: number;
  /** Probability of finding `difference` where it is there. @default 0.8 */
  readonly power?: number;
  /** 2 asks "are they different?", 1 asks "is it better?". @default 2 */
  readonly sides?: 1 | 2;
}

/**
 * How many units a test of fixed size needs: ((z_{1-α/2} + z_{power}) sd / difference)², rounded up, and 2 more since
 * the sd will be estimated (Student's t).
 * @throws SameseedError `bad_argument` for an sd or difference that is not above 0, or an alpha or power outside (0, 1)
 */
export function sampleSize(options: SampleSizeOptions): number {
  const { sd, difference, alpha = 0.05, power = 0.8, sides = 2 } = options;
  if (!(sd > 0 && sd < Infinity)) throw badNumber("sd", sd, "a number above 0");
  if (!(difference > 0)) throw badNumber("difference", difference, "a number above 0");
  if (!(alpha > 0 && alpha < 1)) throw badNumber("alpha", alpha, "a number between 0 and 1");
  if (!(power > 0 && power < 1)) throw badNumber("power", power, "a number between 0 and 1");
  const z = normalQuantile(1 - alpha / sides) + normalQuantile(power);
  return Math.ceil(((z * sd) / difference) ** 2) + 2;
}
