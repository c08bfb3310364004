import { streamOf } from "../../../src/stats/seeded-stream.ts";
import { sprt } from "../../../src/stats/sprt.ts";

/** What to simulate: `runs` sequential tests of pairs whose true difference is `truth`, in normalised Elo. */
export interface SprtSimulation {
  readonly elo0: number;
  readonly elo1: number;
  readonly truth: number;
  readonly runs: number;
}

/** How long the tests took, and how often they accepted the second hypothesis. */
export interface SprtLength {
  readonly meanPairs: number;
  readonly acceptedElo1: number;
}

/** Shares of pair results of two equals who draw often. */
const equals = [0.05, 0.2, 0.5, 0.2, 0.05] as const;

/** The test looks after every so many pairs, as a runner that plays them in batches does. */
const batch = 8;

/** Runs sequential tests on seeded pairs until each has stopped. */
export function sprtLength({ elo0, elo1, truth, runs }: SprtSimulation): SprtLength {
  const shares = sharesOf((Math.SQRT2 * truth) / (800 / Math.LN10));
  const stream = streamOf("sprt", [elo0, elo1, truth]);
  let pairs = 0;
  let acceptedElo1 = 0;
  for (let run = 0; run < runs; run++) {
    const counts: [number, number, number, number, number] = [0, 0, 0, 0, 0];
    for (;;) {
      for (let pair = 0; pair < batch; pair++) {
        let left = stream.uniform();
        const result = shares.findIndex((share) => (left -= share) < 0);
        counts[result as 0]++;
      }
      pairs += batch;
      const { verdict } = sprt(counts, { elo0, elo1 });
      if (verdict === "continue") continue;
      if (verdict === "elo1") acceptedElo1++;
      break;
    }
  }
  return { meanPairs: pairs / runs, acceptedElo1 };
}

/** The equals' shares tilted towards wins until the mean exceeds ½ by so many standard deviations. */
function sharesOf(excess: number): readonly number[] {
  let [low, high] = [-5, 5];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (excessOf(tilt(middle)) < excess) low = middle;
    else high = middle;
  }
  return tilt(low);
}

function tilt(kappa: number): readonly number[] {
  const weights = equals.map((share, index) => share * Math.exp((kappa * index) / 4));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

function excessOf(shares: readonly number[]): number {
  const mean = shares.reduce((sum, share, index) => sum + (share * index) / 4, 0);
  const variance = shares.reduce((sum, share, index) => sum + share * (index / 4 - mean) ** 2, 0);
  return (mean - 0.5) / Math.sqrt(variance);
}
