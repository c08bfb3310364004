/*
 * The standard normal distribution: density, distribution function, quantile.
 *
 * Own code, since no package was good enough for its weight (docs/decisions/001-dependencies.md): the tests hold
 * it to values computed with 40 digits. Everything is computed in the lower tail, where nothing is lost by
 * subtracting from 1.
 */

const sqrtTwoPi = Math.sqrt(2 * Math.PI);

/** Above this |z| the continued fraction is the more precise of the two expansions. */
const seriesBorder = 3;

/** The density of the standard normal distribution at `z`. */
export function normalDensity(z: number): number {
  return Math.exp(-0.5 * z * z) / sqrtTwoPi;
}

/**
 * The probability that a standard normal variable is at most `z`; relative error below 1e-12 down to z = -37.
 * Series and continued fraction: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.11 and 26.2.14.
 */
export function normalCdf(z: number): number {
  if (Number.isNaN(z)) return z;
  if (z > 0) return 1 - normalCdf(-z);
  if (z > -seriesBorder) return 0.5 - normalDensity(z) * oddSeries(-z);
  return normalDensity(z) / tailFraction(-z);
}

/**
 * The `z` below which a standard normal variable is with probability `p`; ∓Infinity at 0 and 1, NaN outside.
 * Halley's method on {@link normalCdf} from the approximation 26.2.23 of Abramowitz and Stegun.
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p === 0) return Number.NEGATIVE_INFINITY;
  if (p === 0.5) return 0;
  const t = Math.sqrt(-2 * Math.log(p));
  let z =
    (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
  // The start is within 4.5e-4, and each step triples the digits.
  for (let step = 0; step < 3; step++) {
    const error = (normalCdf(z) - p) / normalDensity(z);
    z -= error / (1 + (z * error) / 2);
  }
  return z;
}

/** z + z³/3 + z⁵/15 + z⁷/105 + … */
function oddSeries(z: number): number {
  let term = z;
  let sum = z;
  for (let odd = 3; term > sum * 1e-17; odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return sum;
}

/** z + 1/(z + 2/(z + 3/(z + …))), from its far end. */
function tailFraction(z: number): number {
  let value = z;
  for (let depth = 120; depth > 0; depth--) value = z + depth / value;
  return value;
}
