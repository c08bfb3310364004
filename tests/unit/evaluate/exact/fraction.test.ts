import fc from "fast-check";
import { expect, test } from "vitest";
import {
  compareFractions,
  formatFraction,
  fraction,
  minus,
  plus,
  timesFraction,
  toNumber,
} from "../../../../src/evaluate/exact/fraction.ts";

test("whole numbers and powers of two come back bit by bit, however large or small", () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.integer({ min: -1074, max: 970 }), (whole, power) => {
      const exact =
        power < 0 ? fraction(BigInt(whole), 1n << BigInt(-power)) : fraction(BigInt(whole) << BigInt(power));
      // 2^-1074 alone is a double, its inverse is not.
      const scaled = whole * 2 ** Math.trunc(power / 2) * 2 ** (power - Math.trunc(power / 2));
      if (Math.abs(scaled) > 2 ** -1022) expect(toNumber(exact)).toBe(scaled);
      else expect(Math.abs(toNumber(exact) - scaled)).toBeLessThanOrEqual(2 ** -1074);
    }),
  );
});

test("lowest terms, sign above the line", () => {
  expect(formatFraction(fraction(6n, -4n))).toBe("-3/2");
  expect(formatFraction(fraction(0n, -7n))).toBe("0");
  expect(formatFraction(fraction(-8n, -4n))).toBe("2");
});

test("sums and products are those of the integers above and below", () => {
  const small = fc.tuple(fc.bigInt({ min: -99n, max: 99n }), fc.bigInt({ min: 1n, max: 99n }));
  fc.assert(
    fc.property(small, small, ([a, b], [c, d]) => {
      const [x, y] = [fraction(a, b), fraction(c, d)];
      expect(plus(x, y)).toEqual(fraction(a * d + c * b, b * d));
      expect(timesFraction(x, y)).toEqual(fraction(a * c, b * d));
      expect(plus(minus(x, y), y)).toEqual(x);
      expect(Math.sign(compareFractions(x, y))).toBe(Math.sign(Number(a * d - c * b)));
      expect(toNumber(x)).toBe(Number(a) / Number(b) + 0);
    }),
  );
});
