import { SameseedError } from "../../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import { batchNames, type BatchConfig, type PolicyInput } from "../../rollout/rollout-config.ts";
import { checkHypotheses } from "../../stats/gsprt.ts";
import { type EloDifference, eloDifference } from "../../stats/elo.ts";
import type { MeanEstimate } from "../../stats/interval.ts";
import { pairedDifference, type PairedDifference } from "../../stats/paired-difference.ts";
import { probabilityBetterPaired } from "../../stats/probability-better.ts";
import type { GameCounts } from "../../stats/score-counts.ts";
import { sprt, sprtBounds, type SprtOptions, type SprtState } from "../../stats/sprt.ts";
import { defaultElo } from "../matchup/compare-policies.ts";
import {
  effectiveOf,
  faultsOf,
  type KeepOptions,
  playSeeds,
  policyNameOf,
  type SeedReturn,
  seedsOf,
} from "./play-seeds.ts";

/*
 * Both policies run under the same seeds, so that a pair of rollouts shares its environment's chance and differs by the policies.
 * The mean of the differences says by how much one is better; how often one has the higher return is what the sequential test
 * counts, a pair with equal returns half. A rollout that was no complete episode has no return. Its pair is left out, and then
 * nothing is decided: a policy that crashes where it would lose must not win by it.
 */

/** Two policies to compare in an environment with one seat. */
export interface CompareReturnsConfig extends Omit<BatchConfig, "policy">, KeepOptions {
  readonly policyA: PolicyInput;
  readonly policyB: PolicyInput;
  /** `sprt` stops as soon as one hypothesis is accepted; otherwise every seed is played. */
  readonly until?: "sprt";
  /** The two hypotheses of the sequential test, in normalised Elo. @default [0, 50] */
  readonly elo?: readonly [elo0: number, elo1: number];
  /** The error rate of either hypothesis. @default 0.05 */
  readonly alpha?: number;
  readonly beta?: number;
}

const configNames: NamesOf<CompareReturnsConfig> = {
  ...batchNames,
  policyA: true,
  policyB: true,
  dir: true,
  resume: true,
  onRollout: true,
  until: true,
  elo: true,
  alpha: true,
  beta: true,
};

/** Two policies under the same seeds. */
export interface ReturnsComparison {
  readonly envName: string;
  /** The policies' names. */
  readonly a: string;
  readonly b: string;
  /** The seeds that count: all of them, or those up to where the test was decided. */
  readonly seeds: readonly number[];
  /** Seeds under which both had a complete episode. */
  readonly pairs: number;
  /** Independent observations among them: 1 where every seed gave the same two rollouts. */
  readonly effective: number;
  /** Seeds under which a fault left no return to compare. */
  readonly leftOut: number;
  /** Mean returns, their difference A minus B with its interval, and what pairing gained; null without a pair. */
  readonly difference: PairedDifference | null;
  /** The probability that A's return is above B's under one seed, ties counting half; null without a pair. */
  readonly better: MeanEstimate | null;
  /** Seeds on which A had the lower, the same and the higher return. */
  readonly counts: GameCounts;
  readonly nelo: EloDifference | null;
  /** Likelihood of superiority, from 0 to 1: that A more often has the higher return. */
  readonly los: number | null;
  readonly sprt: SprtState;
  /** How many rollouts were run twice, and how many of them gave the same bytes; where fewer, nothing is compared. */
  readonly selfCheck: { readonly rollouts: number; readonly equal: number };
  /** How often each fault ended a rollout of A, and of B. */
  readonly faults: {
    readonly a: Readonly<Record<string, number>>;
    readonly b: Readonly<Record<string, number>>;
  };
  /**
   * Whether A is better: with `until`, which hypothesis was accepted; otherwise whether the interval of the mean difference lies
   * above 0, or below. Null if neither is shown, and wherever a pair was left out.
   */
  readonly decision: "better" | "not better" | null;
  readonly bySeed: readonly { readonly seed: number; readonly a: SeedReturn; readonly b: SeedReturn }[];
}

/** Seeds that are run twice before anything is compared. */
const selfCheckSeeds = 4;
/** Seeds between two looks at the test: a constant, so that where it stops does not depend on the machine. */
const seedsPerLook = 16;

type Pair = ReturnsComparison["bySeed"][number];

/**
 * Compares two policies in an environment with one seat, under the same seeds: first runs each twice under a few of them, where
 * every byte must be equal, then both under all.
 *
 * @example
 * const { difference, decision } = await compareReturns({ envName: "CartPole-v1", policyA: "new.py", policyB: "random", seeds });
 *
 * @throws as `collectRollouts`, and with `dir` as `recordRun`. A policy that is not reproducible is not an error: `selfCheck`
 * reports it, and nothing more is run.
 */
export async function compareReturns(config: CompareReturnsConfig): Promise<ReturnsComparison> {
  refuseUnknownOptions(config, configNames, "compareReturns");
  const {
    policyA,
    policyB,
    dir,
    resume,
    onRollout,
    until,
    elo,
    alpha,
    beta,
    seeds: given,
    ...options
  } = config;
  const test = testOf(elo, alpha, beta);
  const seeds = seedsOf(given);
  const keep = {
    ...(dir === undefined ? {} : { dir }),
    ...(resume === undefined ? {} : { resume }),
    ...(onRollout === undefined ? {} : { onRollout }),
  };
  const both = [
    { ...options, policy: policyA },
    { ...options, policy: policyB },
  ] as const;
  const names = { envName: config.envName, a: policyNameOf(policyA), b: policyNameOf(policyB) };
  const selfCheck = await checkTwice(both, seeds.slice(0, selfCheckSeeds));
  if (selfCheck.equal < selfCheck.rollouts)
    return { ...names, ...report([], test), selfCheck, decision: null };
  const pairs: Pair[] = [];
  const size = until === undefined ? seeds.length : seedsPerLook;
  for (let at = 0; at < seeds.length; at += size) {
    const block = seeds.slice(at, at + size);
    const more = until !== undefined && (at > 0 || resume === true);
    const a = await playSeeds(both[0], block, keep, { folder: "a", more });
    const b = await playSeeds(both[1], block, keep, { folder: "b", more });
    for (const [index, seed] of block.entries()) {
      pairs.push({ seed, a: a[index]!, b: b[index]! });
      if (until !== undefined && isDecided(pairs, test)) return finish(pairs);
    }
  }
  return finish(pairs);

  function finish(found: readonly Pair[]): ReturnsComparison {
    const counted = { ...names, ...report(found, test), selfCheck };
    return { ...counted, decision: decide(counted, until !== undefined) };
  }
}

function testOf(
  elo: readonly [number, number] = defaultElo,
  alpha: number = 0.05,
  beta: number = 0.05,
): SprtOptions {
  const options = { elo0: elo[0], elo1: elo[1], alpha, beta };
  checkHypotheses(options);
  sprtBounds(options);
  return options;
}

async function checkTwice(
  both: readonly Omit<BatchConfig, "seeds">[],
  seeds: readonly number[],
): Promise<ReturnsComparison["selfCheck"]> {
  let equal = 0;
  for (const options of both) {
    const first = await playSeeds(options, seeds, {});
    const second = await playSeeds(options, seeds, {});
    // How far a rollout came that a limit ended depends on the machine's load: it says nothing.
    equal += first.filter(
      ({ digest, totalReward }, at) => totalReward === null || digest === second[at]?.digest,
    ).length;
  }
  return { rollouts: both.length * seeds.length, equal };
}

function report(
  bySeed: readonly Pair[],
  test: SprtOptions,
): Omit<ReturnsComparison, "envName" | "a" | "b" | "selfCheck" | "decision"> {
  const complete = completePairs(bySeed);
  const effective = effectiveOf(complete.map(({ a, b }) => `${a.playDigest} ${b.playDigest}`));
  const observed = complete.slice(0, effective);
  const returns = {
    a: observed.map(({ a }) => a.totalReward ?? 0),
    b: observed.map(({ b }) => b.totalReward ?? 0),
  };
  const counts = countsOf(observed);
  const isEmpty = observed.length === 0;
  const strength = isEmpty ? undefined : eloDifference(counts);
  return {
    seeds: bySeed.map(({ seed }) => seed),
    pairs: complete.length,
    effective,
    leftOut: bySeed.length - complete.length,
    difference: isEmpty ? null : pairedDifference(returns.a, returns.b),
    better: isEmpty ? null : probabilityBetterPaired(returns.a, returns.b),
    counts,
    nelo: strength?.nelo ?? null,
    los: strength?.los ?? null,
    sprt: sprt(counts, test),
    faults: { a: faultsOf(bySeed.map(({ a }) => a)), b: faultsOf(bySeed.map(({ b }) => b)) },
    bySeed,
  };
}

function completePairs(bySeed: readonly Pair[]): readonly Pair[] {
  return bySeed.filter(({ a, b }) => a.totalReward !== null && b.totalReward !== null);
}

function countsOf(pairs: readonly Pair[]): GameCounts {
  const counts: [number, number, number] = [0, 0, 0];
  for (const { a, b } of pairs) counts[Math.sign((a.totalReward ?? 0) - (b.totalReward ?? 0)) + 1]!++;
  return counts;
}

/** Whether the test is over: where all pairs so far are the same play it is not, however many there are. */
function isDecided(pairs: readonly Pair[], test: SprtOptions): boolean {
  const complete = completePairs(pairs);
  if (complete.length === 0) return false;
  const effective = effectiveOf(complete.map(({ a, b }) => `${a.playDigest} ${b.playDigest}`));
  return sprt(countsOf(complete.slice(0, effective)), test).verdict !== "continue";
}

function decide(
  { leftOut, difference, sprt: { verdict } }: Omit<ReturnsComparison, "decision">,
  sequential: boolean,
): ReturnsComparison["decision"] {
  if (leftOut > 0 || difference === null) return null;
  if (sequential) return verdict === "continue" ? null : verdict === "elo1" ? "better" : "not better";
  const { low, high } = difference.interval;
  return low > 0 ? "better" : high < 0 ? "not better" : null;
}

/** Refuses options that only a game between two seats has. @throws `bad_argument` */
export function refuseForReturns(given: Readonly<Record<string, unknown>>): void {
  for (const [option, value] of Object.entries(given)) {
    if (value === undefined || value === false) continue;
    throw new SameseedError("bad_argument", `${option} is for games between two seats`, {
      hint: "in an environment with one seat each seed is one rollout of each policy: choose how many with --seeds",
    });
  }
}
