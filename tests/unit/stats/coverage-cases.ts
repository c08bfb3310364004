import {
  centrePolicy,
  type DeclaredPolicy,
  optimalPolicy,
  uniformPolicy,
} from "../../../src/evaluate/exact/declared-policy.ts";
import { exactValue } from "../../../src/evaluate/exact/exact-value.ts";
import type { Interval, IntervalOptions } from "../../../src/stats/interval.ts";
import { clusterInterval, meanInterval } from "../../../src/stats/mean-interval.ts";
import { probabilityBetter } from "../../../src/stats/probability-better.ts";
import { type SeededStream, streamOf } from "../../../src/stats/seeded-stream.ts";
import { wilsonInterval } from "../../../src/stats/wilson-interval.ts";

/*
 * How often a nominal 95 % interval holds the truth. Where returns are few values the answer is exact: the interval of
 * every possible tally, weighed with the tally's multinomial probability. Elsewhere it is a share of seeded trials.
 */

/** A distribution over a few returns. */
export interface Returns {
  readonly support: readonly number[];
  readonly shares: readonly number[];
}

/** One row of the table: the case, and the coverage that was found. */
export interface Coverage {
  readonly name: string;
  readonly n: number;
  readonly method: string;
  readonly coverage: number;
}

/** Tallies rarer than this are left out and counted as missed. */
const rare = 1e-6;

const games = [-1, 0, 1] as const;

/** X's returns in tic-tac-toe, by enumeration. */
export function returnsOf(x: DeclaredPolicy, o: DeclaredPolicy): Returns {
  const { oWins, draws: drawn, xWins } = exactValue(x, o);
  return { support: games, shares: [oWins, drawn, xWins] };
}

/** Returns of one policy less independent returns of another. */
export function differenceOf(a: Returns, b: Returns): Returns {
  const shares = new Map<number, number>();
  for (const [i, x] of a.support.entries())
    for (const [j, y] of b.support.entries())
      shares.set(x - y, (shares.get(x - y) ?? 0) + (a.shares[i] ?? 0) * (b.shares[j] ?? 0));
  const support = [...shares.keys()].sort((x, y) => x - y);
  return { support, shares: support.map((value) => shares.get(value) ?? 0) };
}

/** The exact coverage of `make` over samples of `n` returns. */
export function exactCoverage(
  { support, shares }: Returns,
  n: number,
  make: (values: readonly number[]) => Interval,
): number {
  const truth = support.reduce((sum, value, index) => sum + value * (shares[index] ?? 0), 0);
  let covered = 0;
  for (const { counts, probability } of tallies(shares, n)) {
    const interval = make(counts.flatMap((count, index) => Array<number>(count).fill(support[index] ?? 0)));
    if (interval.low - 1e-12 <= truth && truth <= interval.high + 1e-12) covered += probability;
  }
  return covered;
}

function* tallies(
  shares: readonly number[],
  n: number,
): Generator<{ readonly counts: readonly number[]; readonly probability: number }> {
  const logFactorials = [0];
  for (let k = 1; k <= n; k++) logFactorials.push((logFactorials[k - 1] ?? 0) + Math.log(k));
  const logs = shares.map(Math.log);
  function* rest(
    index: number,
    left: number,
    logProbability: number,
    counts: readonly number[],
  ): Generator<{ readonly counts: readonly number[]; readonly probability: number }> {
    const last = index === shares.length - 1;
    for (let count = last ? left : 0; count <= left; count++) {
      const here =
        logProbability + (count === 0 ? 0 : count * (logs[index] ?? 0)) - (logFactorials[count] ?? 0);
      if (here === -Infinity) continue;
      if (!last) yield* rest(index + 1, left - count, here, [...counts, count]);
      else if (Math.exp(here) > rare) yield { counts: [...counts, count], probability: Math.exp(here) };
    }
  }
  yield* rest(0, n, logFactorials[n] ?? 0, []);
}

/** The share of seeded trials in which an interval made from a stream holds the truth. */
function sampledCoverage(
  name: string,
  trials: number,
  truth: number,
  make: (stream: SeededStream) => Interval,
): number {
  let covered = 0;
  for (let trial = 0; trial < trials; trial++) {
    const { low, high } = make(streamOf(`coverage ${name}`, [trial]));
    if (low <= truth && truth <= high) covered++;
  }
  return covered / trials;
}

/** The cases of the guarantee: returns of games, their differences, and rates. */
export function guaranteedCases(): readonly Coverage[] {
  const random = returnsOf(uniformPolicy, uniformPolicy);
  const greedy = returnsOf(centrePolicy, uniformPolicy);
  const differences = differenceOf(greedy, returnsOf(optimalPolicy(), uniformPolicy));
  const rows: Coverage[] = [];
  const add = (name: string, returns: Returns, sizes: readonly number[]): void => {
    for (const n of sizes) {
      const make = (values: readonly number[]): Interval =>
        meanInterval(values, { support: returns.support }).interval;
      rows.push({ name, n, method: "dirichlet", coverage: exactCoverage(returns, n, make) });
    }
  };
  add("random v random", random, [10, 50]);
  add("greedy v random", greedy, [10, 20, 50, 200]);
  add("difference of two greedy policies", differences, [10, 20]);
  for (const n of [10, 20, 50, 200]) {
    const rate: Returns = { support: [0, 1], shares: [1 - (greedy.shares[2] ?? 0), greedy.shares[2] ?? 0] };
    const make = (values: readonly number[]): Interval =>
      wilsonInterval(values.filter((value) => value === 1).length, n);
    rows.push({ name: "greedy's win rate", n, method: "wilson", coverage: exactCoverage(rate, n, make) });
  }
  return rows;
}

/** What Student's t would have covered on the hardest of these cases: the reason for the rule. */
export function studentCases(): readonly Coverage[] {
  const greedy = returnsOf(centrePolicy, uniformPolicy);
  return [10, 20, 50, 200].map((n) => ({
    name: "greedy v random",
    n,
    method: "t",
    coverage: exactCoverage(greedy, n, textbook),
  }));
}

function textbook(values: readonly number[]): Interval {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const t = { 10: 2.262157, 20: 2.093024, 50: 2.009575, 200: 1.971957 }[n] ?? Number.NaN;
  const reach = t * Math.sqrt(variance / n);
  return { low: mean - reach, high: mean + reach, level: 0.95, method: "t" };
}

/** Cases that are measured and not promised: returns of many values. */
export function measuredCases(): readonly Coverage[] {
  const trials = 600;
  const sample = (n: number, draw: (stream: SeededStream) => number) => (stream: SeededStream) =>
    Array.from({ length: n }, () => draw(stream));
  // Fewer than the default, for time: the ends scatter more, and are not shifted.
  const options: IntervalOptions = { draws: 1000 };
  const row = (name: string, n: number, truth: number, draw: (stream: SeededStream) => number): Coverage => {
    const values = sample(n, draw);
    const make = (stream: SeededStream): Interval => meanInterval(values(stream), options).interval;
    const method = n < 20 ? "t" : "bca";
    return { name, n, method, coverage: sampledCoverage(`${name} ${n}`, trials, truth, make) };
  };
  const normal = (stream: SeededStream): number => stream.normal();
  const exponential = (stream: SeededStream): number => stream.gamma(1);
  const clusters = (stream: SeededStream): Interval =>
    clusterInterval(
      Array.from({ length: 30 }, () => {
        const shared = stream.normal();
        return Array.from({ length: 1 + stream.below(8) }, () => shared + stream.normal());
      }),
      options,
    ).interval;
  const arms = (stream: SeededStream): Interval =>
    probabilityBetter(
      Array.from({ length: 20 }, () => 1 + stream.normal()),
      Array.from({ length: 20 }, () => stream.normal()),
    ).interval;
  return [
    row("normal", 10, 0, normal),
    row("normal", 20, 0, normal),
    row("normal", 50, 0, normal),
    row("exponential", 10, 1, exponential),
    row("exponential", 20, 1, exponential),
    row("exponential", 50, 1, exponential),
    {
      name: "30 clusters of 1 to 8, correlated",
      n: 30,
      method: "bca",
      coverage: sampledCoverage("clusters", trials, 0, clusters),
    },
    {
      name: "P(A>B), normal arms one deviation apart",
      n: 20,
      method: "newcombe",
      // Φ(1/√2)
      coverage: sampledCoverage("arms", trials, 0.7602499389065233, arms),
    },
  ];
}
