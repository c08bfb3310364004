import fc from "fast-check";
import { expect, test } from "vitest";
import { anytimeInterval } from "../../../src/stats/anytime-interval.ts";
import { meanInterval } from "../../../src/stats/mean-interval.ts";
import { streamOf } from "../../../src/stats/seeded-stream.ts";

const range = [-1, 1] as const;

test("at its low end the capital has just reached 2/α", () => {
  const values = [1, 1, 0, 1, 1, 1, 1, 1];
  const { interval } = anytimeInterval(values, { range: [0, 1] });
  let capital = 1;
  let most = 1;
  for (const [index, value] of values.entries()) {
    // λₜ² = 2 ln(2/α) / (σ̂²ₜ₋₁ t ln(t+1)), σ̂²ₜ₋₁ = (¼ + Σ(xᵢ - μ̂ᵢ)²)/t, μ̂ᵢ = (½ + Σxⱼ)/(i+1)
    const past = values.slice(0, index);
    const squares = past.map((x, i) => {
      const sum = values.slice(0, i + 1).reduce((total, y) => total + y, 0.5);
      return (x - sum / (i + 2)) ** 2;
    });
    const variance = (0.25 + squares.reduce((total, square) => total + square, 0)) / (index + 1);
    const stake = Math.sqrt((2 * Math.log(40)) / (variance * (index + 1) * Math.log(index + 2)));
    capital *= 1 + Math.min(stake, 0.5 / interval.low) * (value - interval.low);
    most = Math.max(most, capital);
  }
  expect(most).toBeCloseTo(40, 6);
  expect(interval.high).toBe(1);
});

test("it narrows with every value and never widens again", () => {
  const values = Array.from({ length: 300 }, (_, index) => Math.sin(index * index));
  let before = anytimeInterval(values.slice(0, 1), { range }).interval;
  for (let count = 20; count <= 300; count += 20) {
    const { interval } = anytimeInterval(values.slice(0, count), { range });
    expect(interval.low).toBeGreaterThanOrEqual(before.low - 1e-12);
    expect(interval.high).toBeLessThanOrEqual(before.high + 1e-12);
    before = interval;
  }
  expect(before.high - before.low).toBeLessThan(0.5);
});

test("it stays within the range, has a width, and is mirrored by mirrored values", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(-1, 0, 0.5, 1), { minLength: 1, maxLength: 80 }), (values) => {
      const { interval } = anytimeInterval(values, { range });
      const mirrored = anytimeInterval(
        values.map((value) => -value),
        { range },
      ).interval;
      expect(interval.low).toBeGreaterThanOrEqual(-1);
      expect(interval.high).toBeLessThanOrEqual(1);
      expect(interval.low).toBeLessThan(interval.high);
      expect(mirrored.low).toBeCloseTo(-interval.high, 9);
    }),
  );
});

test("a true mean is excluded at any time in at most 5 % of runs, at 1.1 to 2.5 times the width of an interval for one look", () => {
  const runs = 300;
  let missed = 0;
  let widths = 0;
  for (let run = 0; run < runs; run++) {
    const stream = streamOf("anytime", [run]);
    const values = Array.from({ length: 100 }, () => {
      const u = stream.uniform();
      return u < 0.5849 ? 1 : u < 0.7119 ? 0 : -1;
    });
    const { interval } = anytimeInterval(values, { range });
    const truth = 0.5849 - (1 - 0.7119);
    if (truth < interval.low || truth > interval.high) missed++;
    const once = meanInterval(values, { support: [-1, 0, 1], draws: 300 }).interval;
    widths += (interval.high - interval.low) / (once.high - once.low) / runs;
  }
  expect(missed / runs).toBeLessThanOrEqual(0.05);
  expect(widths).toBeGreaterThan(1.1);
  expect(widths).toBeLessThan(2.5);
});

test("misuse is named", () => {
  const bad = expect.objectContaining({ code: "bad_argument" });
  expect(() => anytimeInterval([], { range })).toThrow(bad);
  expect(() => anytimeInterval([2], { range })).toThrow(bad);
  expect(() => anytimeInterval([0], { range: [1, 1] })).toThrow(bad);
});
