import { comparePolicies } from "../../src/evaluate/matchup/compare-policies.ts";
import { SequentialPairs } from "../../src/evaluate/matchup/sequential-pairs.ts";
import { pairsPerBlock } from "../../src/evaluate/matchup/unit-keys.ts";
import { sampleSize } from "../../src/stats/sample-size.ts";
import { type SeededStream, streamOf } from "../../src/stats/seeded-stream.ts";
import type { Figure, Scenario, ScenarioContext } from "../scenario.ts";

/*
 * How many pairs of games a sequential test takes, against a test of fixed size with the same two errors. Nothing here is
 * timed: the figures are the same on every machine.
 */

const elo = [0, 50] as const;
const errors = { alpha: 0.05, beta: 0.05 };
/** Normalised Elo of one standard deviation. */
const scale = 800 / Math.LN10;
/** The results of pairs of two equals who draw often, from none to two points. */
const equals = [0.05, 0.2, 0.5, 0.2, 0.05];
/** No test of the design point has been seen to need as many. */
const blocksMost = 1000;

/** Two policies about 50 normalised Elo apart: one of them takes a win that it sees three times in ten. */
const drawn = "rng.choice([cell for cell in range(9) if board[cell] is None])";
const weaker = `def choose_action(board, player, rng):\n    return ${drawn}\n`;
const stronger = `
LINES = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]


def choose_action(board, player, rng):
    if rng.random() < 0.3:
        for line in LINES:
            marks = [board[cell] for cell in line]
            if marks.count(player) == 2 and None in marks:
                return line[marks.index(None)]
    return ${drawn}
`;

/** The pairs that a test of fixed size needs for the same errors. */
function fixedSize(): number {
  const difference = (Math.SQRT2 * elo[1]) / scale;
  return sampleSize({ sd: 1, difference, alpha: errors.alpha, power: 1 - errors.beta, sides: 1 });
}

/** The equals' shares, tilted towards wins until the mean exceeds ½ by so many standard deviations. */
function sharesOf(excess: number): readonly number[] {
  let [low, high] = [-5, 5];
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    const shares = tilted(middle);
    const mean = shares.reduce((sum, share, points) => sum + (share * points) / 4, 0);
    const variance = shares.reduce((sum, share, points) => sum + share * (points / 4 - mean) ** 2, 0);
    if ((mean - 0.5) / Math.sqrt(variance) < excess) low = middle;
    else high = middle;
  }
  return tilted(low);
}

function tilted(kappa: number): readonly number[] {
  const weights = equals.map((share, points) => share * Math.exp((kappa * points) / 4));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** One test on simulated pairs of a true difference, by the code that stops real ones. */
function simulate(shares: readonly number[], stream: SeededStream): SequentialPairs {
  const test = new SequentialPairs({ elo0: elo[0], elo1: elo[1], ...errors }, blocksMost);
  for (let block = 0; !test.ended; block++) {
    const points = Array.from({ length: pairsPerBlock }, () => {
      let left = stream.uniform();
      return (
        Math.max(
          0,
          shares.findIndex((share) => (left -= share) < 0),
        ) / 2
      );
    });
    test.add(block, points);
  }
  return test;
}

function simulated(truth: number, runs: number, fixed: number): Figure[] {
  const shares = sharesOf((Math.SQRT2 * truth) / scale);
  const stream = streamOf("benchmark sprt", [truth]);
  const tests = Array.from({ length: runs }, () => simulate(shares, stream));
  const mean = tests.reduce((sum, { pairs }) => sum + pairs, 0) / runs;
  const wrong = tests.filter(({ state }) => state.verdict !== (truth === elo[0] ? "elo0" : "elo1")).length;
  return [
    { name: `nElo ${truth}: mean pairs of ${runs} simulated tests`, value: mean, unit: "" },
    {
      name: `nElo ${truth}: share of the fixed test's ${fixed} pairs`,
      value: mean / fixed,
      unit: "",
      reach: { most: 0.75 },
    },
    { name: `nElo ${truth}: share of tests with the wrong verdict`, value: wrong / runs, unit: "" },
  ];
}

/** Tests of real games in sandboxes, each under seeds of its own. */
async function played(runs: number, fixed: number, { image, say }: ScenarioContext): Promise<Figure[]> {
  let pairs = 0;
  let better = 0;
  for (let run = 0; run < runs; run++) {
    const comparison = await comparePolicies({
      policyX: { source: stronger, name: "stronger.py" },
      policyO: { source: weaker, name: "weaker.py" },
      seeds: Array.from({ length: 4 }, (_, seed) => 4 * run + seed),
      image,
      until: "sprt",
      elo,
      maxPairs: blocksMost,
      ...errors,
    });
    pairs += comparison.pairs;
    if (comparison.decision === "better") better++;
    say(
      `played test ${run + 1} of ${runs}: ${comparison.pairs} pairs, ${comparison.decision ?? "undecided"}`,
    );
  }
  return [
    { name: `played: mean pairs of ${runs} tests in sandboxes`, value: pairs / runs, unit: "" },
    { name: `played: share of the fixed test's ${fixed} pairs`, value: pairs / runs / fixed, unit: "" },
    { name: "played: share of tests that accepted nElo 50", value: better / runs, unit: "" },
  ];
}

/** A sequential test against one of fixed size. */
export const sprtScenario: Scenario = {
  name: "sprt",
  about: "pairs until a sequential test decides, against a test of fixed size with the same errors",
  async run(context: ScenarioContext): Promise<Figure[]> {
    const fixed = fixedSize();
    // The simulation costs little; the figures are of 200 tests in any case.
    const figures = [...simulated(elo[0], 200, fixed), ...simulated(elo[1], 200, fixed)];
    return [...figures, ...(await played(context.quick ? 2 : 10, fixed, context))];
  },
};
