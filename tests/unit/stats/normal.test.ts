import fc from "fast-check";
import { expect, test } from "vitest";
import { normalCdf, normalDensity, normalQuantile } from "../../../src/stats/normal.ts";
import { relativeError } from "./relative-error.ts";

// Computed with mpmath 1.4.1 at 40 digits: ncdf, and the root of ncdf(x) - p.
const cdf: readonly (readonly [z: number, p: number])[] = [
  [-37, 5.725571222524577e-300],
  [-20, 2.7536241186062337e-89],
  [-10, 7.619853024160525e-24],
  [-6, 9.86587645037698e-10],
  [-3, 0.0013498980316300946],
  [-2.5, 0.006209665325776135],
  [-1.96, 0.024997895148220435],
  [-1, 0.15865525393145705],
  [-0.1, 0.460172162722971],
  [0, 0.5],
  [1.5, 0.9331927987311419],
  [3, 0.9986501019683699],
];

const quantile: readonly (readonly [p: number, z: number])[] = [
  [1e-300, -37.0470962993612],
  [1e-20, -9.262340089798407],
  [1e-5, -4.264890793922825],
  [0.001, -3.0902323061678136],
  [0.025, -1.9599639845400543],
  [0.2, -0.8416212335729142],
  [0.4, -0.2533471031357997],
  [0.75, 0.6744897501960817],
  [0.995, 2.5758293035489004],
  [1 - 1e-10, 6.361340889697422],
];

test.each(cdf)("Φ(%d) = %d", (z, p) => {
  expect(relativeError(normalCdf(z), p)).toBeLessThan(1e-12);
});

test.each(quantile)("Φ⁻¹(%d) = %d", (p, z) => {
  expect(relativeError(normalQuantile(p), z)).toBeLessThan(1e-12);
});

test("the ends of the quantile", () => {
  expect(normalQuantile(0)).toBe(-Infinity);
  expect(normalQuantile(1)).toBe(Infinity);
  expect(normalQuantile(0.5)).toBe(0);
  expect(normalQuantile(-0.1)).toBeNaN();
  expect(normalQuantile(Number.NaN)).toBeNaN();
});

test("the quantile undoes the distribution function, which rises with the density as its slope", () => {
  fc.assert(
    fc.property(fc.double({ min: -8, max: 5, noNaN: true }), (z) => {
      expect(normalQuantile(normalCdf(z))).toBeCloseTo(z, 9);
      const slope = (normalCdf(z + 1e-5) - normalCdf(z - 1e-5)) / 2e-5;
      expect(slope).toBeCloseTo(normalDensity(z), 8);
    }),
  );
});
