import { expect, test } from "vitest";
import { strengthOf } from "../../../../src/evaluate/matchup/compare-report.ts";
import { placesOf } from "../../../../src/evaluate/matchup/unit-keys.ts";
import { pointsOf, toUnits, type Unit } from "../../../../src/evaluate/matchup/units.ts";
import { pair } from "./hand-made.ts";

const sprt = { elo0: 0, elo1: 50 };

function pairs(...scores: readonly (readonly [number, number])[]): readonly Unit[] {
  const games = scores.flatMap((both, number) => pair(number, both));
  return toUnits(games, placesOf({ seeds: [0], unitsPerSeed: scores.length }), true).units;
}

function repeated(counts: readonly [number, number, number, number, number]): readonly Unit[] {
  const kinds = [
    [-1, -1],
    [-1, 0],
    [0, 0],
    [0, 1],
    [1, 1],
  ] as const;
  return pairs(...counts.flatMap((count, at) => Array.from({ length: count }, () => kinds[at]!)));
}

test("the pairs of the research note give its line", () => {
  const strength = strengthOf(repeated([0, 2, 9, 10, 7]), sprt);
  expect(strength.pentanomial).toEqual([0, 2, 9, 10, 7]);
  expect(strength.better?.value.toFixed(2)).toBe("0.70");
  expect(strength.elo?.value.toFixed(0)).toBe("144");
  expect(strength.elo?.error?.toFixed(0)).toBe("70");
  expect(strength.sprt.llr.toFixed(2)).toBe("3.08");
  expect(strength.sprt.verdict).toBe("elo1");
});

test("a policy against itself: every pair even, correlation 1, and nothing left to reduce", () => {
  const strength = strengthOf(pairs([1, -1], [0, 0], [-1, 1]), sprt);
  expect(strength.pentanomial).toEqual([0, 0, 3, 0, 0]);
  expect(strength.correlation).toBeCloseTo(1, 12);
  expect(strength.varianceReduction).toBeNull();
});

test("pairing is measured on the first seat's returns: the same game for both policies is a correlation of 1", () => {
  // The first seat won games 0 to 3 and lost 4 and 5, whoever sat there, but for one game.
  const strength = strengthOf(pairs([1, -1], [1, -1], [1, -1], [1, 1], [-1, 1], [-1, 1]), sprt);
  expect(strength.correlation).toBeGreaterThan(0.6);
  expect(strength.varianceReduction).toBeGreaterThan(2);
});

test("without a pair there is nothing to say, and the test goes on", () => {
  expect(strengthOf([], sprt)).toMatchObject({
    pairs: 0,
    elo: null,
    los: null,
    sprt: { llr: 0, verdict: "continue" },
  });
});

test("points are of games won and drawn, however large the returns are", () => {
  const [unit] = pairs([7.5, -0.25]);
  expect(pointsOf(unit!)).toBe(1);
});
