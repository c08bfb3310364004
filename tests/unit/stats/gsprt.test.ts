import fc from "fast-check";
import { expect, test } from "vitest";
import {
  approximateLogLikelihoodRatio,
  type EloModel,
  logLikelihoodRatio,
} from "../../../src/stats/gsprt.ts";
import type { ScoreCounts } from "../../../src/stats/score-counts.ts";
import { sprt, sprtBounds } from "../../../src/stats/sprt.ts";

type Vector = readonly [counts: ScoreCounts, model: EloModel, elo0: number, elo1: number, expected: number];

// fastchess, app/tests/sprt_test.cpp, and the results of its pull request 882 with one-sided matches; [LL … WW] or [L, D, W].
const published: readonly Vector[] = [
  [[365, 16618, 36229, 16974, 390], "normalised", 0, 2, 2.25],
  [[127, 4883, 10712, 5150, 104], "normalised", -1.75, 0.25, 3.01],
  [[223, 9863, 21279, 10037, 246], "logistic", 0.5, 2.5, -3.07],
  [[871, 26175, 55983, 26678, 821], "logistic", 0, 2, -4.98],
  [[36027, 68692, 36433], "normalised", 0, 2, 0.92],
  [[10650, 20431, 10871], "normalised", -1.75, 0.25, 2.3],
  [[21184, 40708, 21404], "logistic", 0.5, 2.5, -1.57],
  [[57030, 106593, 57433], "logistic", 0, 2, -2.59],
  [[77, 1, 0, 0, 0], "normalised", -1000, -500, -2.95],
  [[72, 10, 0, 0, 0], "normalised", -1000, -500, -2.97],
];

test.each(published)("published: %j %s [%d, %d] gives %d", (counts, model, elo0, elo1, expected) => {
  expect(Math.abs(logLikelihoodRatio(counts, { elo0, elo1, model }) - expected)).toBeLessThan(0.006);
});

test("the closed form agrees on small effects and not on thirty pairs with a large one", () => {
  for (const [counts, model, elo0, elo1] of published.slice(0, 8)) {
    const hypotheses = { elo0, elo1, model };
    const exact = logLikelihoodRatio(counts, hypotheses);
    expect(Math.abs(approximateLogLikelihoodRatio(counts, hypotheses) - exact)).toBeLessThan(1e-3);
  }
  const hypotheses = { elo0: 0, elo1: 50 };
  expect(logLikelihoodRatio([0, 2, 9, 10, 7], hypotheses)).toBeCloseTo(3.08, 2);
  expect(approximateLogLikelihoodRatio([0, 2, 9, 10, 7], hypotheses)).toBeCloseTo(3.38, 2);
});

test("where every pair is won the answer is that of two outcomes", () => {
  // The closest distribution with mean ½ + tσ has its rest at 0, so σ is that of a coin: 104 ln(p₁/½).
  const t = (Math.SQRT2 * 5) / (800 / Math.LN10);
  const p1 = 0.5 + t / (2 * Math.sqrt(1 + t * t));
  const ratio = logLikelihoodRatio([0, 0, 0, 0, 104], { elo0: 0, elo1: 5 });
  expect(ratio).toBeCloseTo(104 * Math.log(p1 / 0.5), 2);
});

test("where every game is drawn the answer is that of wins as rare as the excess allows", () => {
  // Only draws and wins, a share w of them: excess w/2 over a deviation of √(w(1-w))/2 is t at w = t²/(1+t²).
  const t = 5 / (800 / Math.LN10);
  const ratio = logLikelihoodRatio([0, 16700, 0], { elo0: 0, elo1: 5 });
  expect(ratio).toBeCloseTo(-16700 * Math.log(1 + t * t), 1);
});

test("the ratio is finite whatever the counts, and changes its sign with the sides", () => {
  const counts = fc
    .tuple(fc.nat(40), fc.nat(40), fc.nat(40), fc.nat(40), fc.nat(40))
    .filter((all) => all.some((count) => count > 0));
  fc.assert(
    fc.property(counts, fc.integer({ min: 1, max: 300 }), fc.boolean(), (pairs, elo, logistic) => {
      const hypotheses = { elo0: -elo, elo1: elo, model: logistic ? "logistic" : "normalised" } as const;
      const ratio = logLikelihoodRatio(pairs, hypotheses);
      const mirrored = logLikelihoodRatio(pairs.toReversed() as unknown as ScoreCounts, hypotheses);
      expect(Number.isFinite(ratio)).toBe(true);
      expect(ratio).toBeCloseTo(-mirrored, 4);
    }),
    { numRuns: 60 },
  );
});

test("bounds and verdicts", () => {
  expect(sprtBounds({}).high).toBeCloseTo(2.944, 3);
  expect(sprtBounds({}).low).toBeCloseTo(-2.944, 3);
  expect(sprtBounds({ alpha: 0.01, beta: 0.1 }).high).toBeCloseTo(Math.log(90), 12);
  expect(sprt([0, 2, 9, 10, 7], { elo0: 0, elo1: 50 }).verdict).toBe("elo1");
  expect(sprt([7, 10, 9, 2, 0], { elo0: 0, elo1: 50 }).verdict).toBe("elo0");
  expect(sprt([1, 2, 9, 3, 1], { elo0: 0, elo1: 50 }).verdict).toBe("continue");
  expect(sprt([0, 0, 0, 0, 0], { elo0: 0, elo1: 50 })).toMatchObject({ llr: 0, verdict: "continue" });
});

test("misuse is named", () => {
  const bad = expect.objectContaining({ code: "bad_argument" });
  expect(() => sprt([1, 1, 1], { elo0: 5, elo1: 5 })).toThrow(bad);
  expect(() => sprt([1, 1, 1], { elo0: 0, elo1: 5, alpha: 0.5, beta: 0.5 })).toThrow(bad);
  expect(() => logLikelihoodRatio([0, 0, 0], { elo0: 0, elo1: 5 })).toThrow(bad);
  expect(() => logLikelihoodRatio([1, 1, 1], { elo0: 0, elo1: Infinity })).toThrow(bad);
});
