import fc from "fast-check";
import { expect, test } from "vitest";
import { pairedDifference } from "../../../src/stats/paired-difference.ts";
import { probabilityBetter, probabilityBetterPaired } from "../../../src/stats/probability-better.ts";
import { sampleSize } from "../../../src/stats/sample-size.ts";

const bad = expect.objectContaining({ code: "bad_argument" });

test("mean, spread, correlation and variance reduction of a worked example", () => {
  // Differences 1, 1, 2, 0: mean 1, s² = 2/3; s_A² = 20/3, s_B² = 14/3, covariance 16/3.
  const result = pairedDifference([1, 3, 6, 6], [0, 2, 4, 6]);
  expect(result.mean).toBe(1);
  expect(result.means).toEqual([4, 3]);
  expect(result.sd).toBeCloseTo(Math.sqrt(2 / 3), 12);
  expect(result.varianceReduction).toBeCloseTo((6 + 20 / 3) / (2 / 3), 12);
  expect(result.correlation).toBeCloseTo(6 / Math.sqrt(6 * (20 / 3)), 12);
});

test("a policy against itself: no difference, but an interval, where the possible returns are declared", () => {
  const returns = [1, -1, 0, 1, 1, 0, -1, 1];
  const result = pairedDifference(returns, returns, { support: [-1, 0, 1] });
  expect(result).toMatchObject({
    mean: 0,
    sd: 0,
    varianceReduction: null,
    interval: { method: "dirichlet" },
  });
  expect(result.correlation).toBeCloseTo(1, 12);
  expect(result.interval.low).toBeLessThan(0);
  expect(result.interval.high).toBeGreaterThan(0);
  expect(pairedDifference([1, 1, 1], [0, 1, 0], { support: [0, 1] }).correlation).toBeNull();
  expect(pairedDifference([5, 6, 7], [5, 6, 7], { range: [0, 10] }).interval.method).toBe("dirichlet");
});

test("variance reduction is 2/(2-2ρ) for equal spreads, and swapping changes the sign only", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 })), {
        minLength: 3,
        maxLength: 15,
      }),
      (rows) => {
        const [a, b] = [rows.map(([x]) => x), rows.map(([, y]) => y)];
        const there = pairedDifference(a, b, { draws: 100 });
        const back = pairedDifference(b, a, { draws: 100 });
        expect(there.mean).toBeCloseTo(-back.mean, 12);
        expect(there.varianceReduction).toBe(back.varianceReduction);
        if (there.varianceReduction !== null) expect(there.varianceReduction).toBeGreaterThan(0.49);
      },
    ),
  );
  expect(() => pairedDifference([1, 2], [1])).toThrow(bad);
});

test("P(A>B) on common seeds counts ties half", () => {
  const result = probabilityBetterPaired([1, 1, 0, -1], [0, 1, 0, 1]);
  expect(result.mean).toBe(0.5);
  expect(result.interval.method).toBe("dirichlet");
  const always = probabilityBetterPaired([2, 2, 2], [1, 1, 1]);
  expect([always.mean, always.interval.high]).toEqual([1, 1]);
  expect(always.interval.low).toBeGreaterThan(0.2);
});

test("P(A>B) between independent arms is every A against every B", () => {
  const value = fc.integer({ min: 0, max: 6 });
  const list = fc.array(value, { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(list, list, (a, b) => {
      const points = a.flatMap((x) => b.map((y) => (x > y ? 1 : x === y ? 0.5 : 0)));
      const { mean, interval } = probabilityBetter(a, b);
      expect(mean).toBeCloseTo(points.reduce((sum: number, point) => sum + point, 0) / points.length, 12);
      expect(interval.low).toBeLessThan(interval.high);
      expect([interval.low <= mean, mean <= interval.high]).toEqual([true, true]);
      const back = probabilityBetter(b, a).interval;
      expect(back.low).toBeCloseTo(1 - interval.high, 9);
    }),
  );
});

test("the ends of its interval solve Newcombe's equation", () => {
  // (θ̂ - θ)² = z² θ(1-θ)[1 + n*((1-θ)/(2-θ) + θ/(1+θ))]/(mn), n* = (m+n)/2 - 1, at θ̂ = 0.75, m = 4, n = 2.
  const { mean, interval } = probabilityBetter([1, 2, 3, 0], [0.5, 0.9]);
  expect(mean).toBe(0.75);
  for (const theta of [interval.low, interval.high]) {
    const spread = 1 + 2 * ((1 - theta) / (2 - theta) + theta / (1 + theta));
    expect((mean - theta) ** 2).toBeCloseTo((1.959964 ** 2 * theta * (1 - theta) * spread) / 8, 5);
  }
});

test("how many games: random against random, 0.1 apart, independent arms", () => {
  // sd 0.886 per game: 1232.1 games per arm by the normal formula.
  expect(sampleSize({ sd: Math.SQRT2 * 0.8859517801863253, difference: 0.1 })).toBe(1233 + 2);
  expect(sampleSize({ sd: 1, difference: 0.5, power: 0.9, sides: 1, alpha: 0.025 })).toBe(
    sampleSize({ sd: 1, difference: 0.5, power: 0.9 }),
  );
  expect(() => sampleSize({ sd: 0, difference: 1 })).toThrow(bad);
  expect(() => sampleSize({ sd: 1, difference: 0 })).toThrow(bad);
  expect(() => sampleSize({ sd: 1, difference: 1, power: 1 })).toThrow(bad);
});
