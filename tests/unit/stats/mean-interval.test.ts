import fc from "fast-check";
import { expect, test } from "vitest";
import { clusterInterval, meanInterval } from "../../../src/stats/mean-interval.ts";
import { meanOf } from "../../../src/stats/moments.ts";
import { streamOf } from "../../../src/stats/seeded-stream.ts";

const game = { support: [-1, 0, 1] } as const;
const repeat = (value: number, times: number): number[] => Array.from({ length: times }, () => value);
const spread = (count: number): number[] => {
  const stream = streamOf("test", [count]);
  return Array.from({ length: count }, () => stream.normal());
};

test("each sample gets the method that the rule names", () => {
  const method = (values: readonly number[], options = {}): string =>
    meanInterval(values, options).interval.method;
  expect(method([1, 1, 0, -1], game)).toBe("dirichlet");
  expect(method([1], game)).toBe("dirichlet");
  expect(method([5, 5, 7, 7])).toBe("dirichlet");
  expect(method([5, 5, 7])).toBe("t");
  expect(method(spread(19))).toBe("t");
  expect(method(spread(20))).toBe("bca");
  expect(method(repeat(500, 20), { range: [0, 500] })).toBe("dirichlet");
  expect(method(repeat(500, 20))).toBe("none");
  expect(method([0.3])).toBe("none");
  expect(method(spread(30), { support: Array.from({ length: 26 }, (_, i) => i), range: [-9, 99] })).toBe(
    "bca",
  );
});

test("Student's interval is the textbook's", () => {
  // Mean 4, s² = 2.5 and t(0.975; 4) = 2.776: 4 ± 2.776·√(2.5/5).
  const { mean, n, interval } = meanInterval([2, 3, 4, 5, 6]);
  expect([mean, n]).toEqual([4, 5]);
  expect(interval.high - 4).toBeCloseTo(2.7764451051977934 * Math.sqrt(0.5), 12);
  expect(4 - interval.low).toBeCloseTo(interval.high - 4, 12);
});

test("two values make the Dirichlet interval a Beta interval", () => {
  // The 2.5 % and 97.5 % quantiles of Beta(7.5, 3.5): scipy 1.17.1, beta.ppf.
  const { interval } = meanInterval([...repeat(1, 7), ...repeat(0, 3)], { support: [0, 1], draws: 100_000 });
  expect(interval.low).toBeCloseTo(0.394182, 2);
  expect(interval.high).toBeCloseTo(0.907305, 2);
});

test("a mean over 20 wins in 20 games leaves room for defeat, and for perfection", () => {
  const { mean, interval } = meanInterval(repeat(1, 20), game);
  expect(mean).toBe(1);
  expect(interval.high).toBe(1);
  expect(interval.low).toBeGreaterThan(0.7);
  expect(interval.low).toBeLessThan(0.9);
});

test("no interval has zero width, and every one holds the mean", () => {
  const value = fc.oneof(fc.constantFrom(-1, 0, 1, 1, 1), fc.double({ min: -1, max: 1, noNaN: true }));
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), fc.boolean(), (values, declared) => {
      const { mean, interval } = meanInterval(values, {
        ...(declared ? { range: [-1, 1] as const } : {}),
        draws: 200,
      });
      expect(interval.high).toBeGreaterThan(interval.low);
      expect(mean).toBeGreaterThanOrEqual(interval.low);
      expect(mean).toBeLessThanOrEqual(interval.high);
      if (declared) expect([interval.low >= -1, interval.high <= 1]).toEqual([true, true]);
    }),
    { numRuns: 200 },
  );
});

test("the same values in another order give the same interval, bit by bit", () => {
  const value = fc.oneof(fc.constantFrom(-1, 0, 1), fc.double({ min: -1, max: 1, noNaN: true }));
  const pair = fc
    .array(value, { minLength: 2, maxLength: 40 })
    .chain((values) =>
      fc.tuple(fc.constant(values), fc.shuffledSubarray(values, { minLength: values.length })),
    );
  fc.assert(
    fc.property(pair, ([values, shuffled]) => {
      expect(meanInterval(shuffled, { draws: 100 })).toEqual(meanInterval(values, { draws: 100 }));
    }),
  );
});

test("intervals of a higher level hold those of a lower one", () => {
  for (const [values, options] of [
    [[1, 1, 0, -1, 1, 1], game],
    [spread(40), {}],
    [spread(8), {}],
  ] as const) {
    const [wide, narrow] = [0.99, 0.8].map((level) => meanInterval(values, { ...options, level }).interval);
    expect(wide?.low).toBeLessThan(narrow?.low ?? Number.NaN);
    expect(wide?.high).toBeGreaterThan(narrow?.high ?? Number.NaN);
  }
});

test("moving and stretching the values moves and stretches the interval", () => {
  for (const count of [12, 40]) {
    const values = spread(count);
    const { interval } = meanInterval(values);
    const moved = meanInterval(values.map((value) => 3 * value + 100)).interval;
    // The bootstrap's draws follow from the data, so other data are resampled in another way.
    const digits = count < 20 ? 9 : 1;
    expect(moved.low).toBeCloseTo(3 * interval.low + 100, digits);
    expect(moved.high).toBeCloseTo(3 * interval.high + 100, digits);
  }
});

test("clusters are the unit: ten copies of a game count as one", () => {
  const values = spread(30);
  const copied = clusterInterval(values.map((value) => repeat(value, 10)));
  const single = meanInterval(values);
  expect(copied.n).toBe(30);
  expect(copied.interval.high - copied.interval.low).toBeCloseTo(
    single.interval.high - single.interval.low,
    1,
  );
  const pooled = meanInterval(values.flatMap((value) => repeat(value, 10).map((v, i) => v + i * 1e-9)));
  expect(pooled.interval.high - pooled.interval.low).toBeLessThan(
    0.5 * (copied.interval.high - copied.interval.low),
  );
});

test("clusters of one size are judged by their means, with every mean that can occur", () => {
  const wins = clusterInterval(
    repeat(0, 20).map(() => [1, 1]),
    game,
  );
  expect([wins.interval.method, wins.mean, wins.interval.high]).toEqual(["dirichlet", 1, 1]);
  expect(wins.interval.low).toBeGreaterThan(0.7);
  const many = clusterInterval(
    repeat(0, 20).map(() => repeat(1, 50)),
    game,
  );
  expect(many.interval.method).toBe("dirichlet");
  expect(many.interval.low).toBeLessThan(1);
});

test("clusters of different sizes weigh by their observations", () => {
  const few = [[1], [0, 0, 0], [1, 0.5]];
  const small = clusterInterval(few);
  expect(small.mean).toBeCloseTo(meanOf(few.flat()), 12);
  expect(small.interval.method).toBe("t");
  const stream = streamOf("sizes", []);
  const more = Array.from({ length: 25 }, () =>
    Array.from({ length: 1 + stream.below(5) }, () => stream.normal()),
  );
  expect(clusterInterval(more).interval.method).toBe("bca");
  expect(clusterInterval(more.toReversed())).toEqual(clusterInterval(more));
  expect(clusterInterval([[1], [1, 1]]).interval.method).toBe("none");
  expect(clusterInterval([[1], [1, 1]], game).interval.method).toBe("dirichlet");
});

test.each([
  [[], {}],
  [[Number.NaN], {}],
  [[2], game],
  [[1, 2], { level: 1 }],
  [[5, 6, 7], { range: [0, 6] as const }],
  [[1, 2], { range: [3, 0] as const }],
])("misuse is named: %j %j", (values, options) => {
  expect(() => meanInterval(values, options)).toThrow(expect.objectContaining({ code: "bad_argument" }));
});

test("an empty cluster is misuse", () => {
  expect(() => clusterInterval([[1], []])).toThrow(expect.objectContaining({ code: "bad_argument" }));
  expect(() => clusterInterval([])).toThrow(expect.objectContaining({ code: "bad_argument" }));
});
