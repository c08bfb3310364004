import { availableParallelism } from "node:os";

import { AsyncQueue } from "../../base/async-queue.ts";
import { resolveGame } from "../../games/game-spec.ts";
import { type GameKey, type GameResult, playResolved } from "../../games/play-games.ts";
import type { ResolvedOptions } from "../../rollout/rollout-config.ts";
import type { RolloutFleet } from "../../rollout/rollout-fleet.ts";
import { type MatchGame, toMatchGame } from "./match-game.ts";
import { type MatchupPlan, specOf } from "./matchup-config.ts";

/** A game of a matchup with what it recorded. */
export interface PlayedGame {
  readonly result: GameResult;
  readonly game: MatchGame;
}

/** Where games are kept, so that they need not be played again. */
export interface GameKeeper {
  /** A game that was kept before. */
  readonly find: (key: GameKey, swapped: boolean) => GameResult | undefined;
  /** What the games of an order of seats are played with, where it matters that it is this very value. */
  readonly optionsOf?: (swapped: boolean) => ResolvedOptions;
  /** Keeps a game; resolves when it survives the end of this process. */
  readonly keep: (result: GameResult, swapped: boolean) => Promise<void>;
}

/** How the games of a matchup are played. */
export interface PlayMatchupOptions {
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  readonly fleet?: RolloutFleet;
  readonly keeper?: GameKeeper;
}

/** Games that may wait for whoever counts them. */
const queued = 256;

/**
 * Plays each game of `keys` once, or twice where seats are swapped, and yields them in the order they finish. When the
 * consumer leaves, what is queued is cancelled and what runs is ended.
 * @throws while iterating, as `playGames` and the keeper
 */
export async function* playMatchup(
  plan: MatchupPlan,
  keys: readonly GameKey[],
  options: PlayMatchupOptions = {},
): AsyncGenerator<PlayedGame, void, undefined> {
  const legs = plan.swap ? [false, true] : [false];
  const { concurrency = 2 * availableParallelism(), signal, keeper, fleet } = options;
  const stop = new AbortController();
  const queue = new AsyncQueue<PlayedGame>(queued);
  const add = async (result: GameResult, swapped: boolean): Promise<void> => {
    await queue.push({ result, game: toMatchGame(result, swapped) });
  };
  const playLeg = async (swapped: boolean): Promise<void> => {
    const missing: GameKey[] = [];
    for (const key of keys) {
      const kept = keeper?.find(key, swapped);
      if (kept === undefined) missing.push(key);
      else await add(kept, swapped);
    }
    if (missing.length === 0) return;
    const resolved = keeper?.optionsOf?.(swapped) ?? resolveGame(specOf(plan, swapped));
    const games = playResolved(resolved, missing, {
      concurrency: Math.max(1, Math.ceil(concurrency / legs.length)),
      ...(fleet === undefined ? {} : { fleet }),
      signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
    });
    for await (const result of games) {
      await keeper?.keep(result, swapped);
      await add(result, swapped);
      if (queue.abandoned) return;
    }
  };
  const work = Promise.all(
    legs.map(async (swapped) => {
      try {
        await playLeg(swapped);
      } catch (error) {
        // The first failure is the one that is told; the other leg is ended by it.
        queue.end(error);
        stop.abort();
      }
    }),
  ).then(() => queue.end());
  try {
    yield* queue;
  } finally {
    stop.abort();
    await work;
  }
}
