import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { intervalOf } from "../../../../src/evaluate/matchup/report-matchup.ts";
import type { Interval } from "../../../../src/stats/interval.ts";
import { dirichletInterval } from "../../../../src/stats/dirichlet-interval.ts";
import { exactCoverage, type Returns } from "../../stats/coverage-cases.ts";
import { type Player, players, shareOfPairs, simulatePairs } from "./simulated-pairs.ts";

/*
 * How often the interval that `eval` prints for pairs of games holds the truth. The shares of the five results are those of
 * 10,000 simulated pairs; from there on the coverage is exact: every tally, weighed with its probability.
 */

const { random, greedy, minimax, careless } = players;

interface Case {
  readonly name: string;
  readonly shares: Returns;
  readonly sizes: readonly number[];
}

let cases: readonly Case[];

beforeAll(() => {
  const paired = (a: Player, b: Player, sizes: readonly number[]): Case => ({
    name: `${a.name} v ${b.name}`,
    shares: shareOfPairs(simulatePairs(a.policy, b.policy, 10_000)),
    sizes,
  });
  cases = [
    paired(greedy, random, [5, 10]),
    paired(minimax, random, [5, 10, 25]),
    paired(minimax, greedy, [5, 10]),
    paired(greedy, careless, [5, 10, 25, 50]),
    {
      name: "one pair in fourteen won, the others even",
      shares: { support: [-1, -0.5, 0, 0.5, 1], shares: [0, 0, 13 / 14, 0, 1 / 14] },
      sizes: [10, 25],
    },
    // A policy of its own that draws otherwise than the built-in one does: no pair is even by construction.
    {
      name: "random v random, drawn otherwise",
      shares: shareOfPairs(simulatePairs(random.policy, random.policy, 10_000, "of their own")),
      sizes: [5],
    },
  ];
});

/** The printed interval, from the means of pairs. */
function printed(values: readonly number[]): Interval {
  const units = values.map((value, game) => ({
    seed: 0,
    game,
    value,
    scores: scoresOf(value),
    play: String(game),
  }));
  return intervalOf(units, { support: [-1, 0, 1], swap: true, anytime: false });
}

function scoresOf(value: number): readonly [number, number] {
  const first = Math.sign(value);
  return [first, 2 * value - first];
}

test("the printed interval of pairs covers the truth in at least 94 %, and the page says how often", () => {
  const page = readFileSync(new URL("../../../../docs/concepts/statistics.md", import.meta.url), "utf8");
  for (const { name, shares, sizes } of cases) {
    for (const n of sizes) {
      const coverage = exactCoverage(shares, n, printed);
      expect(coverage, `${name}, ${n} pairs`).toBeGreaterThanOrEqual(0.94);
      expect(page).toContain(`| ${name} | ${n} | ${coverage.toFixed(3)} |`);
    }
  }
}, 240_000);

test("a prior spread over all five results does not: samples of even pairs alone would then say too much", () => {
  const spread = (values: readonly number[]): Interval => {
    const support = [-1, -0.5, 0, 0.5, 1];
    return dirichletInterval(
      support,
      support.map((value) => values.filter((each) => each === value).length),
    );
  };
  const alike = cases.find(({ name }) => name.startsWith("one pair"))!;
  expect(exactCoverage(alike.shares, 25, spread).toFixed(2)).toBe("0.84");
});
