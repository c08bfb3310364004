import { SameseedError } from "../../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
import { readSeeds } from "../../model/seed.ts";
import type { RolloutFleet } from "../../rollout/rollout-fleet.ts";
import { withTakeBacks } from "../../store/take-back.ts";
import { Trajectory } from "../../trajectory/trajectory.ts";
import { type ExactMatchup, exactMatchup } from "./exact-matchup.ts";
import type { MatchGame } from "./match-game.ts";
import {
  matchupNames,
  type MatchupOptions,
  type MatchupPlan,
  planMatchup,
  returnsOf,
  type SeedMatchupConfig,
} from "./matchup-config.ts";
import { type KeeperOptions, openKeeper } from "./matchup-keeper.ts";
import { type PlayedGame, playMatchup, type PlayMatchupOptions } from "./play-matchup.ts";
import { namesOf } from "./player-names.ts";
import { digestOfPlan } from "./matchup-document.ts";
import { type MatchupFacts, type MatchupReport, reportMatchup, type SeedRecord } from "./report-matchup.ts";
import { keysOf, placesOf } from "./unit-keys.ts";

/** A matchup under many seeds. */
export interface MatchupConfig extends MatchupOptions, KeeperOptions {
  readonly seeds: Iterable<number>;
  /** Give the mean an interval that stays valid for repeated looks. @default false */
  readonly anytime?: boolean;
  /** Keep the recorded bytes of each game. A game is a few kB; set this to false for very many games. @default true */
  readonly trajectories?: boolean;
  /** Also give exact values by enumeration: tic-tac-toe with built-in and learned policies only. @default false */
  readonly exact?: boolean;
  /** Called with each game as it finishes; again where a fleet takes games back. */
  readonly onGame?: (game: MatchGame) => void;
  /** Other machines that play the games; {@link concurrency} is then theirs to choose. @default this one */
  readonly fleet?: RolloutFleet;
}

/** The result of one seed's games. */
export interface SeedResult extends SeedRecord {
  /** Each game's recorded bytes, in the order of {@link games}; decoded on demand. */
  readonly trajectory: readonly Trajectory[];
  /** Each game: by number, with policy x at the first seat before the other of its pair. */
  readonly games: readonly MatchGame[];
}

/** The games of one seed, at least one of which could be played. */
export interface SeedMatchupResult extends SeedResult {
  readonly meanReturn: number;
  readonly totalReward: number;
}

/** Alias of {@link SeedMatchupConfig}. */
export type TttConfig = SeedMatchupConfig;

/** Alias of {@link SeedMatchupResult}. */
export type TttBatchResult = SeedMatchupResult;

/** The result of a matchup, with every game. */
export interface MatchupResult extends Omit<MatchupReport, "bySeed"> {
  readonly bySeed: readonly SeedResult[];
  /** The exact value, if requested. */
  readonly exact?: ExactMatchup;
}

const configNames: NamesOf<MatchupConfig> = {
  ...matchupNames,
  dir: true,
  resume: true,
  seeds: true,
  anytime: true,
  trajectories: true,
  exact: true,
  onGame: true,
  fleet: true,
};

/**
 * Plays two policies against each other under one seed, every game in fresh sandboxes with its own random streams, and
 * gives the mean return per game from policy x's view.
 *
 * @example
 * const { meanReturn, trajectory } = await runMatchup({ policyX: "greedy", policyO: "random", seed: 42 });
 * console.log(meanReturn, trajectory.length); // 50 games in 25 pairs with seats swapped
 *
 * @throws `bad_argument`, `bad_policy`, `image_missing`, `wall_unavailable`, `aborted`…; `sandbox_failed` where the host
 * could play none of the games. A policy's fault is a forfeit; a game that the host could not play is left out.
 */
export async function runMatchup(config: SeedMatchupConfig): Promise<SeedMatchupResult> {
  refuseUnknownOptions(
    config,
    { ...matchupNames, seed: true } satisfies NamesOf<SeedMatchupConfig>,
    "runMatchup",
  );
  const { seed, ...options } = config;
  const { bySeed } = await evaluateMatchup({ ...options, seeds: [seed] });
  const [batch] = bySeed;
  if (batch === undefined || batch.meanReturn === null) {
    const why = batch?.games.find(({ infra }) => infra !== undefined)?.infra ?? "nothing was played";
    throw new SameseedError("sandbox_failed", `the host could not play any of the games: ${why}`, {
      hint: "try again; if it fails again, run `sameseed doctor`",
    });
  }
  return { ...batch, meanReturn: batch.meanReturn, totalReward: batch.meanReturn };
}

/** Alias of {@link runMatchup}. */
export const runTttBatch: typeof runMatchup = runMatchup;

/**
 * Plays two policies against each other under several seeds, many games at the same time, and reports policy x's mean
 * return with its interval.
 *
 * @example
 * const { meanReturn, interval } = await evaluateMatchup({ policyX: "greedy", policyO: "bot.py", seeds: [1, 2, 3] });
 *
 * @throws as {@link runMatchup}, save that `infra` counts what the host could not play, even where it is everything
 */
export async function evaluateMatchup(config: MatchupConfig): Promise<MatchupResult> {
  refuseUnknownOptions(config, configNames, "evaluateMatchup");
  // Read once: what begins anew has the same seeds, and some iterables give them only one time.
  const own = { ...config, seeds: readSeeds(config.seeds) };
  return await withTakeBacks(
    config.dir,
    async (before) => await evaluateOnce(before === undefined ? own : { ...own, resume: false }),
  );
}

async function evaluateOnce(config: MatchupConfig): Promise<MatchupResult> {
  const plan = planMatchup(config, config.seeds);
  const { anytime = false, trajectories = true, onGame } = config;
  const facts = factsOf(plan, anytime);
  const exact = config.exact === true ? exactMatchup(plan) : undefined;
  const bytes = new Map<MatchGame, Uint8Array>();
  await using keeper = await openKeeper(plan, config);
  const games = await collectGames(plan, {
    ...playingOptions(config),
    ...(config.fleet === undefined ? {} : { fleet: config.fleet }),
    ...(keeper === undefined ? {} : { keeper }),
    onGame: ({ game, result }) => {
      if (trajectories && result.rollout !== undefined) bytes.set(game, result.rollout.trajectory);
      onGame?.(game);
    },
  });
  if (config.fleet !== undefined) await keeper?.certify(config.fleet, config.signal);
  const report = reportMatchup(games, facts);
  const bySeed = Map.groupBy(games, ({ seed }) => seed);
  return {
    ...report,
    bySeed: report.bySeed.map((record) => {
      const own = (bySeed.get(record.seed) ?? []).sort(byNumber);
      const kept = own.flatMap((game) => {
        const recorded = bytes.get(game);
        return recorded === undefined ? [] : [new Trajectory(recorded)];
      });
      return { ...record, games: own, trajectory: kept };
    }),
    ...(exact === undefined ? {} : { exact }),
  };
}

/** Plays every game of a plan. */
export async function collectGames(
  plan: MatchupPlan,
  { onGame, ...options }: PlayMatchupOptions & { readonly onGame?: (played: PlayedGame) => void },
): Promise<MatchGame[]> {
  const games: MatchGame[] = [];
  for await (const played of playMatchup(plan, keysOf(plan), options)) {
    games.push(played.game);
    onGame?.(played);
  }
  return games;
}

/** How a matchup is played, of what its options say. */
export function playingOptions({ concurrency, signal }: MatchupOptions): PlayMatchupOptions {
  return {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(signal === undefined ? {} : { signal }),
  };
}

/** What a report of a plan says beside its games. @throws SameseedError `bad_argument` */
export function factsOf(plan: MatchupPlan, anytime: boolean): MatchupFacts {
  const { env, seeds, swap } = plan;
  const support = returnsOf(env);
  if (anytime && support === undefined)
    throw new SameseedError("bad_argument", `the returns of ${env} have no known bounds`, {
      hint: "any-time intervals need a game that is won, drawn or lost",
    });
  return {
    spec: digestOfPlan(plan),
    env,
    ...namesOf(plan),
    seeds,
    swap,
    placeOf: placesOf(plan),
    anytime,
    ...(support === undefined ? {} : { support }),
  };
}

function byNumber(a: MatchGame, b: MatchGame): number {
  return a.game - b.game || Number(a.swapped) - Number(b.swapped);
}
