import { SameseedError } from "../../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../../base/known-options.ts";
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
  /** Give the mean an interval that holds however often one looks. @default false */
  readonly anytime?: boolean;
  /** Keep what each game recorded. A game is a few kB; leave it out where there are very many. @default true */
  readonly trajectories?: boolean;
  /** Enumerate every game as well: tic-tac-toe, built-in and learned policies only. @default false */
  readonly exact?: boolean;
  /** Told of each game as it finishes. */
  readonly onGame?: (game: MatchGame) => void;
}

/** What one seed's games gave. */
export interface SeedResult extends SeedRecord {
  /** Each game's recorded bytes, in the order of {@link games}; decoded as far as they are looked at. */
  readonly trajectory: readonly Trajectory[];
  /** Each game: by number, with policy x at the first seat before the other of its pair. */
  readonly games: readonly MatchGame[];
}

/** One seed's games, at least one of which the host could play. */
export interface SeedMatchupResult extends SeedResult {
  readonly meanReturn: number;
  readonly totalReward: number;
}

/** Another name of {@link SeedMatchupConfig}. */
export type TttConfig = SeedMatchupConfig;

/** Another name of {@link SeedMatchupResult}. */
export type TttBatchResult = SeedMatchupResult;

/** What a matchup shows, with every game. */
export interface MatchupResult extends Omit<MatchupReport, "bySeed"> {
  readonly bySeed: readonly SeedResult[];
  /** The true value, where it was asked for. */
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
};

/**
 * Plays two policies against each other under one seed, every game in fresh sandboxes with streams of its own, and gives the
 * mean return per game from the view of policy x.
 *
 * @example
 * const { meanReturn, trajectory } = await runMatchup({ policyX: "greedy", policyO: "random", seed: 42 });
 * console.log(meanReturn, trajectory.length); // 50 games in 25 pairs with seats swapped
 *
 * @throws `bad_argument`, `bad_policy`, `image_missing`, `wall_unavailable`, `aborted`…; `sandbox_failed` where the host
 * could play none of the games. What a policy does wrong is a lost game; a game that the host could not play is left out.
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

/** Another name of {@link runMatchup}. */
export const runTttBatch: typeof runMatchup = runMatchup;

/**
 * Plays two policies against each other under many seeds, one set of sandboxes per seed or game and many at one time, and
 * says how well policy x did and how sure that is.
 *
 * @example
 * const { meanReturn, interval } = await evaluateMatchup({ policyX: "greedy", policyO: "bot.py", seeds: [1, 2, 3] });
 *
 * @throws as {@link runMatchup}, save that `infra` counts what the host could not play, even where it is everything
 */
export async function evaluateMatchup(config: MatchupConfig): Promise<MatchupResult> {
  refuseUnknownOptions(config, configNames, "evaluateMatchup");
  const plan = planMatchup(config, config.seeds);
  const { anytime = false, trajectories = true, onGame } = config;
  const facts = factsOf(plan, anytime);
  const exact = config.exact === true ? exactMatchup(plan) : undefined;
  const bytes = new Map<MatchGame, Uint8Array>();
  await using keeper = await openKeeper(plan, config);
  const games = await collectGames(plan, {
    ...playingOptions(config),
    ...(keeper === undefined ? {} : { keeper }),
    onGame: ({ game, result }) => {
      if (trajectories && result.rollout !== undefined) bytes.set(game, result.rollout.trajectory);
      onGame?.(game);
    },
  });
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
