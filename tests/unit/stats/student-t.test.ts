import fc from "fast-check";
import { expect, test } from "vitest";
import { studentQuantile } from "../../../src/stats/student-t.ts";
import { relativeError } from "./relative-error.ts";

// Computed with mpmath 1.4.1 at 40 digits: the root of the regularised incomplete beta function's expression.
const known: readonly (readonly [p: number, degrees: number, t: number])[] = [
  [0.75, 1, 1.0],
  [0.975, 1, 12.706204736174694],
  [0.99999, 1, 31830.988608051954],
  [0.975, 2, 4.302652729749462],
  [0.95, 3, 2.353363434801823],
  [0.975, 4, 2.7764451051977934],
  [0.99999, 5, 15.546854534969157],
  [0.9995, 7, 5.407882520861828],
  [0.975, 9, 2.262157162798205],
  [0.005, 15, -2.946712883475239],
  [0.75, 19, 0.6876214602039603],
  [0.975, 29, 2.045229642132704],
  [0.995, 30, 2.749995653567225],
  [0.975, 99, 1.9842169515864172],
  [0.95, 199, 1.652546746166563],
  [0.9995, 499, 3.31013057039783],
  [0.975, 999, 1.9623414611334495],
  [0.975, 9999, 1.9602012636213573],
  [0.99999, 99999, 4.265095405228541],
];

test.each(known)("t at p = %d with %d degrees of freedom is %d", (p, degrees, t) => {
  expect(relativeError(studentQuantile(p, degrees), t)).toBeLessThan(1e-12);
});

test("the sum and the expansion meet where one takes over from the other", () => {
  for (const p of [0.6, 0.9, 0.975, 0.9995, 0.99999]) {
    const [before, after] = [studentQuantile(p, 999), studentQuantile(p, 1000)];
    expect(before).toBeGreaterThan(after);
    expect(before - after).toBeLessThan(1e-4);
    // Halfway between two neighbours lies their mean, up to the curvature: a step would show.
    expect(after).toBeCloseTo((studentQuantile(p, 998) + studentQuantile(p, 1002)) / 2, 6);
  }
});

test("it is odd in p, rises with p and falls towards the normal quantile with the degrees", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.51, max: 0.999, noNaN: true }),
      fc.integer({ min: 1, max: 3000 }),
      (p, n) => {
        const t = studentQuantile(p, n);
        expect(studentQuantile(1 - p, n)).toBeCloseTo(-t, 6);
        expect(studentQuantile(p + 5e-4, n)).toBeGreaterThan(t);
        expect(studentQuantile(p, n + 1)).toBeLessThan(t);
      },
    ),
  );
});

test("what is not a quantile is NaN", () => {
  expect(studentQuantile(0.975, 0)).toBeNaN();
  expect(studentQuantile(0.975, 2.5)).toBeNaN();
  expect(studentQuantile(1, 5)).toBeNaN();
});
