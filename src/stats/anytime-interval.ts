import { badNumber, checkValues, levelOf, type MeanEstimate } from "./interval.ts";
import { meanOf } from "./moments.ts";

/*
 * A confidence sequence by betting (Waudby-Smith and Ramdas, JRSS B 86, 2024: the hedged capital process with the
 * predictable plug-in stakes of their equation 26).
 *
 * For each candidate mean m a gambler bets that values lie above it and another that they lie below. At the true mean
 * neither game is favourable, so the capital, half of it in each, reaches 1/α with probability at most α, ever: an m at
 * which it has been reached is excluded, and one may look after every value and stop whenever one likes.
 *
 * The capital of the upward gambler falls with m and that of the other rises, so that each end is found by bisection.
 */

/** The most of its capital that a gambler stakes: with all of it, one value could ruin it for ever. */
const largestStake = 0.5;

/**
 * The mean of bounded values, with an interval that holds at every length of the list at once: "stop when it excludes
 * 0" is allowed. Order matters: it is the order of arrival.
 * @throws SameseedError `bad_argument` for no values, or one that is not finite or outside `range`
 */
export function anytimeInterval(
  values: readonly number[],
  options: { readonly range: readonly [low: number, high: number]; readonly level?: number },
): MeanEstimate {
  const level = levelOf(options);
  const [low, high] = options.range;
  if (!(low < high)) throw badNumber("range", `${low}..${high}`, "two values, the smaller one first");
  checkValues("values", values);
  const scaled = values.map((value) => {
    if (value < low || value > high) throw badNumber("values", value, `from ${low} to ${high}`);
    return (value - low) / (high - low);
  });
  const stakes = stakesOf(scaled, 1 - level);
  const enough = Math.log(2 / (1 - level));
  const mean = meanOf(scaled);
  const bottom = lowEnd(scaled, stakes, enough, mean);
  const mirrored = scaled.map((value) => 1 - value);
  const top = 1 - lowEnd(mirrored, stakes, enough, 1 - mean);
  return {
    mean: low + mean * (high - low),
    n: values.length,
    interval: { low: low + bottom * (high - low), high: low + top * (high - low), level, method: "betting" },
  };
}

/** √(2 ln(2/α) / (σ̂² t ln(t+1))) before each value, from those before it; `squares` is σ̂² t. */
function stakesOf(values: readonly number[], alpha: number): readonly number[] {
  const stakes: number[] = [];
  let sum = 0.5;
  let squares = 0.25;
  for (const [index, value] of values.entries()) {
    const time = index + 1;
    stakes.push(Math.sqrt((2 * Math.log(2 / alpha)) / (squares * Math.log(time + 1))));
    sum += value;
    squares += (value - sum / (time + 1)) ** 2;
  }
  return stakes;
}

/** The least mean that the upward gambler has never won enough against; at most `mean`, which stays inside. */
function lowEnd(values: readonly number[], stakes: readonly number[], enough: number, mean: number): number {
  let [excluded, open] = [0, mean];
  if (!reaches(values, stakes, enough, excluded)) return 0;
  for (let step = 0; step < 50; step++) {
    const middle = (excluded + open) / 2;
    if (reaches(values, stakes, enough, middle)) excluded = middle;
    else open = middle;
  }
  // The last mean known to be excluded: rounding may widen the interval, never narrow it.
  return excluded;
}

/** Whether the logarithm of the upward gambler's capital against `mean` has ever been `enough`. */
function reaches(
  values: readonly number[],
  stakes: readonly number[],
  enough: number,
  mean: number,
): boolean {
  let capital = 0;
  for (const [index, value] of values.entries()) {
    const stake = Math.min(stakes[index] ?? 0, largestStake / mean);
    capital += Math.log1p(stake * (value - mean));
    if (capital >= enough) return true;
  }
  return false;
}
