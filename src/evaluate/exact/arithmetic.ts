import type { WeightedCell } from "./declared-policy.ts";
import { compareFractions, type Fraction, fraction, minus, plus, timesFraction } from "./fraction.ts";

/*
 * One enumeration, two kinds of numbers. Fractions where every weight is whole: the answer is then exact, and a test can
 * compare it with one that was computed elsewhere. Doubles otherwise: a policy whose weights are results of other
 * calculations has no short fraction, and its denominators would grow with every position.
 */

/** The operations that an enumeration needs. */
export interface Arithmetic<T> {
  readonly zero: T;
  readonly one: T;
  /** The weight of one cell as a share of all. */
  readonly share: (move: WeightedCell, moves: readonly WeightedCell[]) => T;
  readonly plus: (a: T, b: T) => T;
  readonly minus: (a: T, b: T) => T;
  readonly times: (a: T, b: T) => T;
  /** Below 0, 0 or above 0; doubles are equal within 1e-12. */
  readonly compare: (a: T, b: T) => number;
}

/** Fractions beyond this are given up: nobody reads 300 digits, and their cost grows without end. */
const largestDenominator = 1n << 1024n;

/** Doubles, whose error after nine moves stays far below 1e-12. */
export const doubles: Arithmetic<number> = {
  zero: 0,
  one: 1,
  share: ([, weight], moves) => weight / moves.reduce((sum, [, other]) => sum + other, 0),
  plus: (a, b) => a + b,
  minus: (a, b) => a - b,
  times: (a, b) => a * b,
  compare: (a, b) => (Math.abs(a - b) <= 1e-12 ? 0 : a - b),
};

/**
 * Runs an enumeration in fractions. Undefined if a weight is not whole or a fraction grows out of bounds; the
 * enumeration has then been run to its end on zeros, which is quick.
 */
export function inFractions<R>(enumerate: (arithmetic: Arithmetic<Fraction>) => R): R | undefined {
  let failed = false;
  const zero = fraction(0n);
  const checked = (make: () => Fraction): Fraction => {
    const made = failed ? zero : make();
    failed ||= made.denominator > largestDenominator;
    return failed ? zero : made;
  };
  const result = enumerate({
    zero,
    one: fraction(1n),
    share: ([, weight], moves) => {
      failed ||= !moves.every(([, other]) => Number.isSafeInteger(other));
      return checked(() =>
        fraction(
          BigInt(weight),
          moves.reduce((sum, [, other]) => sum + BigInt(other), 0n),
        ),
      );
    },
    plus: (a, b) => checked(() => plus(a, b)),
    minus: (a, b) => checked(() => minus(a, b)),
    times: (a, b) => checked(() => timesFraction(a, b)),
    compare: compareFractions,
  });
  return failed ? undefined : result;
}
