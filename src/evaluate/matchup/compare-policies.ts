import { SameseedError } from "../../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import { checkHypotheses } from "../../stats/gsprt.ts";
import { sprtBounds, type SprtOptions } from "../../stats/sprt.ts";
import { strengthOf, type Strength } from "./compare-report.ts";
import { collectGames, factsOf, playingOptions } from "./evaluate-matchup.ts";
import type { MatchGame } from "./match-game.ts";
import { swappedNames, type MatchupOptions, type MatchupPlan, planMatchup } from "./matchup-config.ts";
import { type KeeperOptions, openKeeper } from "./matchup-keeper.ts";
import { playSequential, type PlaySequentialOptions } from "./play-sequential.ts";
import { type MatchupReport, reportUnits } from "./report-matchup.ts";
import { checkAgainstItself, type SelfCheck } from "./self-check.ts";
import { observationsOf, toUnits } from "./units.ts";

/** Two policies to compare; seats are always swapped. */
export interface CompareConfig extends Omit<MatchupOptions, "swap">, KeeperOptions {
  /** @default 0 to 19 */
  readonly seeds?: Iterable<number>;
  /** `sprt` stops as soon as one hypothesis is accepted; otherwise every game is played. */
  readonly until?: "sprt";
  /** The two hypotheses of the sequential test, in normalised Elo. @default [0, 50] */
  readonly elo?: readonly [elo0: number, elo1: number];
  /** With `until`: the most pairs to play. @default 1000 */
  readonly maxPairs?: number;
  /** The error rate of either hypothesis. @default 0.05 */
  readonly alpha?: number;
  readonly beta?: number;
  /** Give the mean an interval that stays valid for repeated looks. @default false */
  readonly anytime?: boolean;
  /** Called after the self-check. */
  readonly onSelfCheck?: (check: SelfCheck) => void;
  /** Called with each game as it finishes. */
  readonly onGame?: (game: MatchGame) => void;
}

const compareNames: NamesOf<CompareConfig> = {
  ...swappedNames,
  dir: true,
  resume: true,
  seeds: true,
  until: true,
  elo: true,
  maxPairs: true,
  alpha: true,
  beta: true,
  anytime: true,
  onSelfCheck: true,
  onGame: true,
};

/** The result of a comparison. */
export interface Comparison extends MatchupReport, Strength {
  readonly selfCheck: SelfCheck;
  /**
   * Whether policy x is better: with `until`, which hypothesis was accepted; otherwise whether the interval of the mean
   * return lies above 0. Null if neither is shown.
   */
  readonly decision: "better" | "not better" | null;
}

/** The most pairs of a sequential test where no other number is asked for. */
export const defaultMaxPairs = 1000;

/** The hypotheses of the sequential test where no others are asked for. */
export const defaultElo: readonly [number, number] = [0, 50];

/** The seeds of a comparison where no others are asked for. */
export const defaultSeeds: readonly number[] = Array.from({ length: 20 }, (_, seed) => seed);

/**
 * Compares two policies: first each against itself, where every byte must be equal, then both against each other in pairs of
 * games with swapped seats.
 *
 * @example
 * const { decision, nelo, pairs } = await comparePolicies({ policyX: "new.py", policyO: "old.py", until: "sprt" });
 *
 * @throws `bad_argument`, `bad_policy`, `aborted`… A policy that is not reproducible is not an error: `selfCheck`
 * reports it, and nothing more is played.
 */
export async function comparePolicies(config: CompareConfig): Promise<Comparison> {
  refuseUnknownOptions(config, compareNames, "comparePolicies");
  const { seeds = defaultSeeds, anytime = false, onSelfCheck, onGame } = config;
  const plan = planComparison(config, seeds);
  const sprt = testOf(config);
  const facts = factsOf(plan, anytime);
  await using keeper = await openKeeper(plan, config);
  const playing = playingOptions(config);
  const selfCheck = await checkAgainstItself(plan, facts, playing);
  onSelfCheck?.(selfCheck);
  const games =
    selfCheck.equal < selfCheck.seeds
      ? []
      : await playAll(plan, {
          ...playing,
          sprt,
          ...(keeper === undefined ? {} : { keeper }),
          onGame: ({ game }) => onGame?.(game),
        });
  const found = toUnits(games, facts.placeOf, true);
  const report = reportUnits(games, found, facts);
  const strength = strengthOf(observationsOf(found.units), sprt);
  const decision = plan.sequential === undefined ? byInterval(report) : byTest(strength);
  return { ...report, ...strength, selfCheck, decision };
}

/** Checks what was asked for. @throws SameseedError `bad_argument` */
export function planComparison(config: CompareConfig, seeds: Iterable<number>): MatchupPlan {
  const { until, maxPairs, nGames } = config;
  const plan = planMatchup({ ...config, swap: true }, seeds);
  if (until === undefined) {
    if (maxPairs === undefined) return plan;
    throw new SameseedError("bad_argument", "maxPairs can only be used with a sequential test", {
      hint: "add `until: 'sprt'`, or set the number of games with nGames and seeds",
    });
  }
  if (nGames !== undefined)
    throw new SameseedError(
      "bad_argument",
      "the number of games under each seed cannot be set for a sequential test",
      {
        hint: "set maxPairs instead",
      },
    );
  const most = maxPairs ?? defaultMaxPairs;
  if (!Number.isSafeInteger(most) || most < 1 || most > 10_000_000)
    throw new SameseedError(
      "bad_argument",
      `maxPairs must be a whole number from 1 to 10000000, not ${most}`,
    );
  return { ...plan, sequential: { maxPairs: most } };
}

/** The sequential test of a comparison. @throws SameseedError `bad_argument` for hypotheses or errors of another form */
export function testOf({ elo = defaultElo, alpha = 0.05, beta = 0.05 }: CompareConfig): SprtOptions {
  const options = { elo0: elo[0], elo1: elo[1], alpha, beta };
  checkHypotheses(options);
  sprtBounds(options);
  return options;
}

async function playAll(plan: MatchupPlan, { sprt, ...options }: PlaySequentialOptions): Promise<MatchGame[]> {
  const { sequential } = plan;
  if (sequential === undefined) return await collectGames(plan, options);
  return await playSequential({ ...plan, sequential }, { ...options, sprt });
}

function byTest({ sprt: { verdict } }: Strength): Comparison["decision"] {
  return verdict === "continue" ? null : verdict === "elo1" ? "better" : "not better";
}

function byInterval({ interval }: MatchupReport): Comparison["decision"] {
  if (interval === null) return null;
  return interval.low > 0 ? "better" : interval.high < 0 ? "not better" : null;
}
