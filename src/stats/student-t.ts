import { normalQuantile } from "./normal.ts";

/*
 * Quantiles of Student's t distribution, for whole degrees of freedom.
 *
 * For whole degrees the distribution function is a finite sum of positive terms (Abramowitz and Stegun 26.7.3 and
 * 26.7.4), so neither the gamma nor the incomplete beta function is needed. Above 0 it is concave: Newton's method
 * from the left never oversteps, and the normal quantile is always to the left. Far out in the degrees the sum is
 * long and the asymptotic expansion (26.7.5) is exact to the last digits.
 */

/** From this many degrees on the expansion is used; its error falls with their fifth power. */
const expansionFrom = 1000;

/**
 * The value below which Student's t with `degrees` degrees of freedom is with probability `p`; relative error
 * below 1e-12 for p within [1e-5, 1 - 1e-5]. `degrees` is a whole number above 0.
 */
export function studentQuantile(p: number, degrees: number): number {
  if (!Number.isInteger(degrees) || degrees < 1 || !(p > 0 && p < 1)) return Number.NaN;
  if (p < 0.5) return -studentQuantile(1 - p, degrees);
  if (p === 0.5) return 0;
  if (degrees === 1) return 1 / Math.tan(Math.PI * (1 - p));
  if (degrees >= expansionFrom) return expansion(normalQuantile(p), degrees);
  const peak = densityAtZero(degrees);
  let t = normalQuantile(p);
  for (let step = 0; step < 200; step++) {
    const density = peak * (1 + (t * t) / degrees) ** (-(degrees + 1) / 2);
    const change = (p - 0.5 - centralHalf(t, degrees)) / density;
    t += change;
    if (Math.abs(change) <= 1e-15 * t) break;
  }
  return t;
}

/** The probability of being between 0 and `t`. */
function centralHalf(t: number, degrees: number): number {
  const odd = degrees % 2 === 1;
  const cosSquared = degrees / (degrees + t * t);
  const sin = t / Math.sqrt(degrees + t * t);
  let term = odd ? Math.sqrt(cosSquared) : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = odd ? 2 : 1; k < degrees - 2 && term > sum * 1e-18; k += 2) {
    term *= (k / (k + 1)) * cosSquared;
    sum += term;
  }
  return odd ? (Math.atan(t / Math.sqrt(degrees)) + sin * sum) / Math.PI : (sin * sum) / 2;
}

/** The density at 0: Γ((ν+1)/2) / (√(νπ) Γ(ν/2)), by the recursion of the ratio in steps of two. */
function densityAtZero(degrees: number): number {
  let ratio = degrees % 2 === 1 ? 1 / Math.sqrt(Math.PI) : Math.sqrt(Math.PI) / 2;
  for (let k = degrees % 2 === 1 ? 1 : 2; k < degrees; k += 2) ratio *= (k + 1) / k;
  return ratio / Math.sqrt(degrees * Math.PI);
}

/** Abramowitz and Stegun 26.7.5: t from the normal quantile, in powers of 1/ν. */
function expansion(z: number, degrees: number): number {
  const s = z * z;
  const g1 = (z * (s + 1)) / 4;
  const g2 = (z * ((5 * s + 16) * s + 3)) / 96;
  const g3 = (z * (((3 * s + 19) * s + 17) * s - 15)) / 384;
  const g4 = (z * ((((79 * s + 776) * s + 1482) * s - 1920) * s - 945)) / 92160;
  return z + (g1 + (g2 + (g3 + g4 / degrees) / degrees) / degrees) / degrees;
}
