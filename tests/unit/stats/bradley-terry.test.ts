import { expect, test } from "vitest";
import { bradleyTerry, type LeagueResult } from "../../../src/stats/bradley-terry.ts";
import { inverseOf, times } from "../../../src/stats/linear-system.ts";
import { streamOf } from "../../../src/stats/seeded-stream.ts";
import { isSeparable } from "../../../src/stats/separable-results.ts";

const eloPerLogit = 400 / Math.LN10;
const bad = expect.objectContaining({ code: "bad_argument" });
const result = (x: string, o: string, xWins: number, draws: number, oWins: number): LeagueResult => ({
  x,
  o,
  xWins,
  draws,
  oWins,
});

test("two players who met in both seats have the closed form", () => {
  // Log-odds of X's score: r + s = ln(7/3) and -r + s = ln(5/5); a score's variance in log-odds is 1/(n p q).
  const fit = bradleyTerry([result("a", "b", 7, 0, 3), result("b", "a", 5, 0, 5)]);
  const edge = Math.log(7 / 3) / 2;
  const error = Math.sqrt(1 / (10 * 0.7 * 0.3) + 1 / (10 * 0.25)) / 2;
  expect(fit.ratings.map(({ player }) => player)).toEqual(["a", "b"]);
  expect(fit.ratings[0]?.elo).toBeCloseTo((edge / 2) * eloPerLogit, 8);
  expect(fit.ratings[1]?.elo).toBeCloseTo((-edge / 2) * eloPerLogit, 8);
  expect(fit.ratings[0]?.standardError).toBeCloseTo((error / 2) * eloPerLogit, 8);
  expect(fit.seatAdvantage?.elo).toBeCloseTo(edge * eloPerLogit, 8);
  expect(fit.seatAdvantage?.standardError).toBeCloseTo(error * eloPerLogit, 8);
  expect(fit).toMatchObject({ separable: false, prior: 0 });
  const [first, second] = fit.covariance;
  const difference = (first?.[0] ?? 0) + (second?.[1] ?? 0) - 2 * (first?.[1] ?? 0);
  expect(Math.sqrt(difference)).toBeCloseTo(error * eloPerLogit, 8);
});

test("a draw is half a win and half a loss", () => {
  const draws = bradleyTerry([result("a", "b", 3, 4, 1), result("b", "a", 1, 2, 2)]);
  const halves = bradleyTerry([result("a", "b", 5, 0, 3), result("b", "a", 2, 0, 3)]);
  expect(draws.ratings).toEqual(halves.ratings);
});

test("the scores expected at the fit are the scores seen, for every player and for the seat", () => {
  const results = [
    result("a", "b", 12, 3, 5),
    result("b", "a", 9, 1, 10),
    result("b", "c", 14, 2, 4),
    result("c", "b", 8, 2, 10),
    result("c", "d", 11, 0, 9),
    result("d", "a", 3, 2, 15),
  ];
  const fit = bradleyTerry(results);
  const elo = new Map(fit.ratings.map((rating) => [rating.player, rating.elo]));
  const seat = fit.seatAdvantage?.elo ?? Number.NaN;
  const surplus = new Map<string, number>();
  let seatSurplus = 0;
  for (const { x, o, xWins, draws, oWins } of results) {
    const expected = 1 / (1 + 10 ** (-((elo.get(x) ?? 0) - (elo.get(o) ?? 0) + seat) / 400));
    const more = xWins + draws / 2 - (xWins + draws + oWins) * expected;
    surplus.set(x, (surplus.get(x) ?? 0) + more);
    surplus.set(o, (surplus.get(o) ?? 0) - more);
    seatSurplus += more;
  }
  for (const more of [...surplus.values(), seatSurplus]) expect(more).toBeCloseTo(0, 8);
  expect(fit.ratings.reduce((sum, rating) => sum + rating.elo, 0)).toBeCloseTo(0, 8);
  expect(bradleyTerry(results.toReversed()).ratings).toEqual(
    fit.ratings.map((rating) => ({
      ...rating,
      elo: expect.closeTo(rating.elo, 8) as number,
      standardError: expect.closeTo(rating.standardError, 8) as number,
      low: expect.closeTo(rating.low, 8) as number,
      high: expect.closeTo(rating.high, 8) as number,
    })),
  );
});

test("simulated leagues: true ratings lie within the interval about as often as it says", () => {
  const truth = [0.6, 0.1, -0.2, -0.5];
  const advantage = 0.4;
  let covered = 0;
  const leagues = 150;
  for (let league = 0; league < leagues; league++) {
    const stream = streamOf("league", [league]);
    const results: LeagueResult[] = [];
    for (const [i, x] of truth.entries()) {
      for (const [j, o] of truth.entries()) {
        if (i === j) continue;
        const chance = 1 / (1 + Math.exp(-(x - o + advantage)));
        const wins = Array.from({ length: 30 }, () => stream.uniform()).filter((u) => u < chance).length;
        results.push(result(`p${i}`, `p${j}`, wins, 0, 30 - wins));
      }
    }
    const fit = bradleyTerry(results);
    for (const rating of fit.ratings) {
      const elo = (truth[Number(rating.player.slice(1))] ?? 0) * eloPerLogit;
      if (rating.low <= elo && elo <= rating.high) covered++;
    }
    const seat = fit.seatAdvantage;
    if (Math.abs((seat?.elo ?? 0) - advantage * eloPerLogit) <= 1.96 * (seat?.standardError ?? 0)) covered++;
  }
  expect(covered / (leagues * 5)).toBeGreaterThan(0.93);
  expect(covered / (leagues * 5)).toBeLessThan(0.97);
});

test("someone who won every game gets a finite rating, and the answer says why", () => {
  const results = [result("a", "b", 7, 0, 0), result("b", "a", 0, 0, 5)];
  const fit = bradleyTerry(results);
  expect(fit).toMatchObject({ separable: true, prior: 1 });
  expect(fit.ratings[0]).toMatchObject({ player: "a", games: 12, points: 12 });
  expect(fit.ratings[0]?.elo).toBeGreaterThan(100);
  expect(fit.ratings[0]?.elo).toBeLessThan(600);
  expect(bradleyTerry(results, { prior: 4 }).ratings[0]?.elo).toBeLessThan(fit.ratings[0]?.elo ?? 0);
  expect(() => bradleyTerry(results, { prior: 0 })).toThrow(bad);
});

test("what leaves a rating or the seat advantage unbounded", () => {
  const meeting = (x: number, o: number, xPoints: number, oPoints: number) => ({ x, o, xPoints, oPoints });
  // X wins each game: only the advantage runs away.
  const seatDecides = [meeting(0, 1, 5, 0), meeting(1, 0, 5, 0)];
  expect(isSeparable(2, seatDecides, true)).toBe(true);
  expect(isSeparable(2, seatDecides, false)).toBe(false);
  // A player's only seat was X: strength and advantage cannot be told apart.
  expect(isSeparable(2, [meeting(0, 1, 3, 2)], true)).toBe(true);
  expect(isSeparable(2, [meeting(0, 1, 3, 2)], false)).toBe(false);
  // Two groups that never met.
  const apart = [meeting(0, 1, 1, 1), meeting(1, 0, 1, 1), meeting(2, 3, 1, 1), meeting(3, 2, 1, 1)];
  expect(isSeparable(4, apart, true)).toBe(true);
  expect(isSeparable(2, apart.slice(0, 2), true)).toBe(false);
  // Everyone beats the next one round a circle: nobody runs away, but O's seat might.
  expect(isSeparable(3, [meeting(0, 1, 1, 0), meeting(1, 2, 1, 0), meeting(2, 0, 1, 0)], false)).toBe(false);
});

test("separability is what makes the likelihood rise without end", () => {
  const stream = streamOf("separable", []);
  for (let trial = 0; trial < 60; trial++) {
    const meetings = Array.from({ length: 2 + stream.below(5) }, () => ({
      x: stream.below(3),
      o: stream.below(3),
      xPoints: stream.below(3),
      oPoints: stream.below(3),
    })).filter(({ x, o, xPoints, oPoints }) => x !== o && xPoints + oPoints > 0);
    if (meetings.length > 0) expect(isSeparable(3, meetings, true)).toBe(!hasTop(meetings));
  }
});

interface Points {
  readonly x: number;
  readonly o: number;
  readonly xPoints: number;
  readonly oPoints: number;
}

/** Whether no direction of a fine sphere keeps every result at least as likely. */
function hasTop(meetings: readonly Points[]): boolean {
  // Ratings relative to player 0, and the advantage; the conditions' boundaries meet at small whole numbers.
  const steps = [-3, -2, -1, 0, 1, 2, 3];
  for (const second of steps)
    for (const third of steps)
      for (const seat of steps) {
        const ratings = [0, second, third];
        const agrees = meetings.every(({ x, o, xPoints, oPoints }) => {
          const edge = (ratings[x] ?? 0) - (ratings[o] ?? 0) + seat;
          return (xPoints === 0 || edge >= 0) && (oPoints === 0 || edge <= 0);
        });
        if (agrees && (second !== 0 || third !== 0 || seat !== 0)) return false;
      }
  return true;
}

test("games against oneself tell of the seat alone", () => {
  const fit = bradleyTerry([
    result("a", "a", 30, 0, 10),
    result("a", "b", 5, 0, 5),
    result("b", "a", 5, 0, 5),
  ]);
  expect(fit.seatAdvantage?.elo).toBeGreaterThan(20);
  expect(fit.ratings.map(({ elo }) => elo)).toEqual([expect.closeTo(0, 8), expect.closeTo(0, 8)]);
});

test("a result that is all but certain is fitted, or refused, never answered with an error of 0", () => {
  for (const wins of [1e3, 1e6, 1e12]) {
    const results = [
      result("a", "b", wins, 0, 1),
      result("b", "a", 1, 0, wins),
      result("b", "c", 3, 0, 2),
      result("c", "b", 1, 0, 2),
    ];
    let errors: readonly number[] = [];
    try {
      errors = bradleyTerry(results).ratings.map(({ standardError }) => standardError);
    } catch (error) {
      expect(error).toMatchObject({ code: "bad_argument" });
    }
    for (const error of errors) expect(error).toBeGreaterThan(10);
  }
});

test("misuse is named", () => {
  expect(() => bradleyTerry([])).toThrow(bad);
  expect(() => bradleyTerry([result("a", "b", 0, 0, 0)])).toThrow(bad);
  expect(() => bradleyTerry([result("a", "b", 0.5, 0, 1)])).toThrow(bad);
});

test("the inverse undoes the matrix, and a singular one has none", () => {
  const matrix = [
    [0, 2, 1],
    [1, 1, 0],
    [3, 0, 5],
  ];
  const inverse = inverseOf(matrix) ?? [];
  expect(times(matrix, times(inverse, [1, 2, 3]))).toEqual(
    [1, 2, 3].map((value) => expect.closeTo(value, 12)),
  );
  expect(
    inverseOf([
      [1, 2],
      [2, 4],
    ]),
  ).toBeUndefined();
});
