/*
 * Which values are the same. Possible returns are small numbers, but means and differences of them are rounded: 0.1 + 0.2
 * and 0.3 must be one value. Two values are the same where they differ by rounding, measured against the largest value.
 */

/** Differences above this share of the largest value are real: rounding of a few sums stays far below. */
const slack = 1e-12;

/** Values in ascending order, those that differ only by rounding once: the order they come in never matters. */
export function distinctValues(values: readonly number[]): number[] {
  const tolerance = toleranceOf(values);
  const kept: number[] = [];
  for (const value of [...values].sort((a, b) => a - b)) {
    const last = kept.at(-1);
    if (last === undefined || value - last > tolerance) kept.push(value);
  }
  return kept;
}

/** How far two of these values may be apart and still be the same. */
export function toleranceOf(values: readonly number[]): number {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return slack * largest;
}
