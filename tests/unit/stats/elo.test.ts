import fc from "fast-check";
import { expect, test } from "vitest";
import { eloDifference, eloOfScore, scoreOfElo } from "../../../src/stats/elo.ts";
import { countPairs, type PairCounts, type ScoreCounts } from "../../../src/stats/score-counts.ts";

// Results and expectations of fastchess' own tests (app/tests/elo_test.cpp), rounded there to two decimals.
const published: readonly {
  readonly counts: ScoreCounts;
  readonly nelo: readonly [number, number];
  readonly elo?: readonly [number, number];
  readonly los?: number;
}[] = [
  { counts: [89, 123, 76], nelo: [-20.76, 40.13], los: 0.1553 },
  { counts: [96, 111, 136], nelo: [49.77, 36.77], elo: [40.7, 30.43], los: 0.996 },
  { counts: [356, 0, 34], nelo: [-508.44, 34.48] },
  { counts: [34, 54, 63, 64, 75], nelo: [57.94, 28.28], elo: [55.58, 27.65], los: 1 },
  { counts: [332, 433, 498, 333, 334], nelo: [-9.17, 10.96], elo: [-8.64, 10.33], los: 0.0505 },
  { counts: [7895, 8757, 5685, 568, 9999], nelo: [-19.01, 2.65], elo: [-21.04, 2.95] },
];

test.each(published)("published: $counts", ({ counts, nelo, elo, los }) => {
  const estimate = eloDifference(counts);
  expect(Math.abs(estimate.nelo.value - nelo[0])).toBeLessThan(0.006);
  expect(Math.abs((estimate.nelo.error ?? 0) - nelo[1])).toBeLessThan(0.006);
  if (elo !== undefined) {
    expect(Math.abs(estimate.elo.value - elo[0])).toBeLessThan(0.006);
    expect(Math.abs((estimate.elo.error ?? 0) - elo[1])).toBeLessThan(0.006);
  }
  if (los !== undefined) expect(Math.abs(estimate.los - los)).toBeLessThan(6e-5);
});

test("28 pairs with a large difference", () => {
  const { games, elo, nelo, los } = eloDifference([0, 2, 9, 10, 7]);
  expect([games, elo.value.toFixed(0), elo.error?.toFixed(0)]).toEqual([56, "144", "70"]);
  expect(nelo.value.toFixed(0)).toBe("214");
  expect(los).toBeGreaterThan(0.9999);
});

test("where all results are equal there is no error, but an interval", () => {
  const won = eloDifference([0, 0, 0, 0, 10]);
  expect([won.elo.error, won.nelo.error, won.los]).toEqual([null, null, 1]);
  expect(won.elo.value).toBeCloseTo(1199.83, 2);
  expect(won.elo.low).toBeGreaterThan(100);
  expect(won.elo.low).toBeLessThan(won.elo.high);
  expect(eloDifference([0, 0, 9, 0, 0])).toMatchObject({ score: 0.5, los: 0.5, elo: { value: 0 } });
});

test("swapping the policies changes every sign", () => {
  const counts = fc.tuple(fc.nat(50), fc.nat(50), fc.nat(50), fc.nat(50), fc.integer({ min: 1, max: 50 }));
  fc.assert(
    fc.property(counts, (pairs) => {
      const [a, b] = [eloDifference(pairs), eloDifference(pairs.toReversed() as unknown as PairCounts)];
      expect(a.elo.value).toBeCloseTo(-b.elo.value, 6);
      expect(a.nelo.value).toBeCloseTo(-b.nelo.value, 6);
      expect(a.los).toBeCloseTo(1 - b.los, 9);
      expect(a.elo.high).toBeGreaterThan(a.elo.low);
    }),
    { numRuns: 20 },
  );
});

test("score and Elo are each other's inverse within 1200 Elo", () => {
  fc.assert(
    fc.property(fc.double({ min: -1199, max: 1199, noNaN: true }), (elo) => {
      expect(eloOfScore(scoreOfElo(elo))).toBeCloseTo(elo, 6);
    }),
  );
  expect(eloOfScore(0)).toBeCloseTo(-1199.826, 3);
  expect(eloOfScore(1)).toBeCloseTo(1199.826, 3);
});

test("pairs are counted by their points", () => {
  expect(countPairs([0, 0.5, 1, 1, 1.5, 2, 2])).toEqual([1, 1, 2, 1, 2]);
  for (const points of [0.25, 2.5, -1, Number.NaN])
    expect(() => countPairs([points])).toThrow(expect.objectContaining({ code: "bad_argument" }));
});

test.each([[[0, 0, 0]], [[1, 2, 3, 4]], [[-1, 0, 3]], [[0.5, 1, 1, 1, 1]]])(
  "misuse is named: %j",
  (counts) => {
    expect(() => eloDifference(counts as unknown as ScoreCounts)).toThrow(
      expect.objectContaining({ code: "bad_argument" }),
    );
  },
);
