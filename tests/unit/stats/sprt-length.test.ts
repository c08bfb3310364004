import { beforeAll, expect, test } from "vitest";
import { sampleSize } from "../../../src/stats/sample-size.ts";
import { sprtLength, type SprtLength } from "./sprt-length.ts";

/*
 * The design point: nElo [0, 50], errors of 5 % on both sides, 200 simulated runs under either hypothesis. The test of
 * fixed size with the same errors needs the pairs that tell √2·50/347.4 standard deviations from 0, one-sided.
 */
const hypotheses = { elo0: 0, elo1: 50 } as const;
const runs = 200;
let under0: SprtLength;
let under1: SprtLength;

beforeAll(() => {
  under0 = sprtLength({ ...hypotheses, truth: 0, runs });
  under1 = sprtLength({ ...hypotheses, truth: 50, runs });
});

const fixed = sampleSize({
  sd: 1,
  difference: (Math.SQRT2 * 50) / (800 / Math.LN10),
  alpha: 0.05,
  power: 0.95,
  sides: 1,
});

test("the fixed-size test needs 264 pairs", () => {
  expect(fixed).toBe(264);
});

test("the sequential test stops with at most 0.75 of the pairs, under either hypothesis", () => {
  expect(under0.meanPairs / fixed).toBeLessThanOrEqual(0.75);
  expect(under1.meanPairs / fixed).toBeLessThanOrEqual(0.75);
});

test("and is wrong in about 5 % of the runs at most", () => {
  // Three standard errors of a rate of 5 % in 200 runs.
  const most = 0.05 + 3 * Math.sqrt((0.05 * 0.95) / runs);
  expect(under0.acceptedElo1 / runs).toBeLessThanOrEqual(most);
  expect(1 - under1.acceptedElo1 / runs).toBeLessThanOrEqual(most);
});
