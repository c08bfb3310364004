import { describe, expect, test } from "vitest";
import { reportMatchup } from "../../../../src/evaluate/matchup/report-matchup.ts";
import { facts, game, pair } from "./hand-made.ts";

describe("a matchup with swapped seats", () => {
  const games = [...pair(0, [1, 1]), ...pair(1, [1, -1]), ...pair(2, [0, 1])];

  test("counts every game from policy x's view, and by seat", () => {
    const report = reportMatchup(games, facts());
    expect(report).toMatchObject({ games: 6, units: 3, wins: 4, draws: 1, losses: 1, infra: 0, unpaired: 0 });
    expect(report.meanReturn).toBeCloseTo(0.5, 12);
    expect(report.perSeat.x).toEqual({ games: 3, wins: 2, draws: 1, losses: 0, meanReturn: 2 / 3 });
    expect(report.perSeat.o).toEqual({ games: 3, wins: 2, draws: 0, losses: 1, meanReturn: 1 / 3 });
  });

  test("takes the pair as the unit: pairs that are always even say more than games that are", () => {
    const even = Array.from({ length: 40 }, (_, number) => pair(number, [1, -1])).flat();
    const mixed = Array.from({ length: 40 }, (_, number) =>
      pair(number, number % 2 === 0 ? [1, 1] : [-1, -1]),
    ).flat();
    const widths = [even, mixed].map((list) => {
      const { interval, meanReturn } = reportMatchup(list, facts());
      expect(meanReturn).toBe(0);
      return interval!.high - interval!.low;
    });
    expect(widths[0]).toBeLessThan(widths[1]! / 3);
    expect(widths[0]).toBeGreaterThan(0);
  });

  test("counts a pairing without chance as one pair, however often it was played", () => {
    const repeated = Array.from({ length: 24 }, (_, number) =>
      pair(number, [1, 1]).map((each) => ({ ...each, playDigest: each.swapped ? "second" : "first" })),
    ).flat();
    const report = reportMatchup(repeated, facts());
    expect(report).toMatchObject({ games: 48, distinct: 2, units: 24, effective: 1, meanReturn: 1 });
    expect(report.interval).toEqual(reportMatchup(pair(0, [1, 1]), facts()).interval);
    expect(report.interval!.low).toBeLessThan(0);
    // One game that differs shows that there is chance, and then every pair is an observation.
    const [changed, ...others] = repeated;
    const chance = reportMatchup([{ ...changed!, playDigest: "other" }, ...others], facts());
    expect(chance.effective).toBe(24);
    expect(chance.interval!.low).toBeGreaterThan(0);
  });

  test("never gives an interval of zero width", () => {
    const { interval } = reportMatchup(pair(0, [1, 1]), facts());
    expect(interval).toMatchObject({ method: "dirichlet", high: 1 });
    expect(interval!.low).toBeLessThan(1);
  });

  test("does not depend on the order in which games finished", () => {
    const backwards = games.toReversed();
    expect(reportMatchup(backwards, facts())).toEqual(reportMatchup(games, facts()));
    expect(reportMatchup(backwards, facts({ anytime: true }))).toEqual(
      reportMatchup(games, facts({ anytime: true })),
    );
  });

  test("leaves out a pair of which the host could not play a game, and counts it", () => {
    const report = reportMatchup([...games, ...pair(3, [null, -1])], facts());
    expect(report).toMatchObject({ games: 6, units: 3, losses: 1, infra: 1, unpaired: 1 });
    expect(report.interval).toEqual(reportMatchup(games, facts()).interval);
  });

  test("has no interval of no game", () => {
    const report = reportMatchup(pair(0, [null, null]), facts());
    expect(report).toMatchObject({ games: 0, meanReturn: null, interval: null, infra: 2 });
    expect(report.bySeed[0]?.totalReward).toBeNull();
  });

  test("counts forfeits by policy and cause; they are lost games", () => {
    const forfeit = (by: "x" | "o", fault: string) => ({ forfeit: { by, fault, message: "it did" } });
    const report = reportMatchup(
      [
        game(-1, { ...forfeit("x", "crash") }),
        game(-1, { swapped: true, ...forfeit("x", "illegal_action") }),
        game(1, { game: 1, ...forfeit("o", "cpu_limit") }),
        game(-1, { game: 1, swapped: true, ...forfeit("x", "crash") }),
      ],
      facts(),
    );
    expect(report.faults).toEqual({ x: { crash: 2, illegal_action: 1 }, o: { cpu_limit: 1 } });
    expect(report).toMatchObject({ wins: 1, losses: 3 });
  });

  test("tells each seed apart, and a seed's digest by every game of it", () => {
    const two = [...pair(0, [1, 0], 5), ...pair(0, [-1, -1], 3)];
    const report = reportMatchup(two, facts({ seeds: [5, 3] }));
    expect(report.bySeed.map(({ seed, totalReward, steps }) => [seed, totalReward, steps])).toEqual([
      [5, 0.5, 14],
      [3, -1, 14],
    ]);
    const changed = two.map((each, at) => (at === 1 ? { ...each, digest: "other" } : each));
    const other = reportMatchup(changed, facts({ seeds: [5, 3] }));
    expect(other.bySeed[0]?.digest).not.toBe(report.bySeed[0]?.digest);
    expect(other.bySeed[1]?.digest).toBe(report.bySeed[1]?.digest);
  });
});

test("games that are the same are counted, whatever their seeds", () => {
  const same = [...pair(0, [1, -1]), ...pair(1, [1, -1])].map((each) => ({ ...each, playDigest: "one" }));
  expect(reportMatchup(same, facts()).distinct).toBe(1);
});

describe("a matchup without swapping", () => {
  test("takes the game as the unit, and knows one seat", () => {
    const games = [1, 1, 0, -1].map((score, number) => game(score, { game: number }));
    const report = reportMatchup(games, facts({ swap: false }));
    expect(report).toMatchObject({ games: 4, units: 4, meanReturn: 0.25 });
    expect(report.perSeat.o).toBeNull();
    expect(report.interval?.method).toBe("dirichlet");
  });
});

test("an any-time interval is wider, and says what it is", () => {
  const games = Array.from({ length: 60 }, (_, number) =>
    pair(number, number % 3 === 0 ? [1, 1] : [1, -1]),
  ).flat();
  const fixed = reportMatchup(games, facts()).interval!;
  const anytime = reportMatchup(games, facts({ anytime: true })).interval!;
  expect(anytime.method).toBe("betting");
  expect(anytime.high - anytime.low).toBeGreaterThan(fixed.high - fixed.low);
});
