import { isSameseedError, SameseedError } from "../base/error.ts";
import type { RecordedRollout } from "../model/rollout.ts";
import type { ResolvedOptions } from "../rollout/rollout-config.ts";
import { engineOf, type RolloutFleet } from "../rollout/rollout-fleet.ts";
import { recordBatches, sharedMost } from "../rollout/record-rollouts.ts";
import { gameSeed } from "../model/seed.ts";
import { resolveGame, type GameSpec } from "./game-spec.ts";
import { scoreGame, unplayed, type GameKey, type GameResult } from "./game-result.ts";

export type { GameSpec, SeatPolicyInput } from "./game-spec.ts";
export type { Forfeit, GameKey, GameResult, SeatFault } from "./game-result.ts";

/** How games are played. */
export interface PlayGamesOptions {
  /** Groups of sandboxes at the same time. @default twice the processors */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  /** Other machines that play the games; {@link concurrency} is then theirs to choose. @default this one */
  readonly fleet?: RolloutFleet;
  /** Told of each game as it finishes, before it is yielded. */
  readonly onGame?: (result: GameResult) => void;
}

/**
 * Plays games, each as if it were alone, and yields them in the order they finish. Games of one batch seed that only
 * built-in policies play share a sandbox; any other game has fresh ones of its own.
 *
 * @example
 * const games = [{ seed: 1, game: 0 }, { seed: 1, game: 1 }];
 * for await (const { score, forfeit } of playGames({ game: "tictactoe", seats: ["greedy", "random"] }, games)) {
 *   console.log(score, forfeit?.fault);
 * }
 *
 * @throws while iterating: misuse (`bad_argument`, `bad_policy`, `unknown_environment`), `aborted`, and what no further
 * attempt would mend (`wall_unavailable`, `image_missing`)
 */
export async function* playGames(
  spec: GameSpec,
  games: Iterable<GameKey>,
  options: PlayGamesOptions = {},
): AsyncGenerator<GameResult, void, undefined> {
  yield* playResolved(resolveGame(spec), games, options);
}

/** As {@link playGames}, of a game that is resolved: a fleet vouches for what it was asked with the same options. */
export async function* playResolved(
  resolved: ResolvedOptions,
  games: Iterable<GameKey>,
  options: PlayGamesOptions,
): AsyncGenerator<GameResult, void, undefined> {
  // Games that are asked for and not yet yielded, by their own seed.
  const asked = new Map<number, GameKey>();
  const failed: GameResult[] = [];
  const onFailure = (seeds: readonly number[], error: SameseedError): void => {
    for (const own of seeds) failed.push(unplayed(taken(asked, own), own, error.message));
  };
  const recorded = played(resolved, gamesBySeed(games, asked), asked, { ...options, onFailure });
  const told = (result: GameResult): GameResult => {
    options.onGame?.(result);
    return result;
  };
  for await (const rollout of recorded) {
    const own = rollout.summary.seed;
    yield told(scoreGame(taken(asked, own), rollout));
    while (failed.length > 0) yield told(failed.shift()!);
  }
  while (failed.length > 0) yield told(failed.shift()!);
}

type Failure = (seeds: readonly number[], error: SameseedError) => void;

/** Games as they are played, here or elsewhere. */
async function* played(
  resolved: ResolvedOptions,
  batches: Iterable<readonly number[]>,
  asked: ReadonlyMap<number, GameKey>,
  { fleet, concurrency, signal, onFailure }: PlayGamesOptions & { readonly onFailure: Failure },
): AsyncGenerator<RecordedRollout, void, undefined> {
  if (fleet === undefined) {
    yield* recordBatches(resolved, batches, {
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(signal === undefined ? {} : { signal }),
      onFailure,
    });
    return;
  }
  try {
    const seeds = [...batches].flat();
    yield* engineOf(fleet).rollouts(resolved, seeds, signal === undefined ? {} : { signal });
  } catch (error) {
    // What no host could play is left when all others are there.
    if (!isSameseedError(error) || error.code !== "sandbox_failed") throw error;
    onFailure([...asked.keys()], error);
  }
}

function* gamesBySeed(
  games: Iterable<GameKey>,
  asked: Map<number, GameKey>,
): Generator<readonly number[], void, undefined> {
  let batch: number[] = [];
  let last: number | undefined;
  for (const { seed, game } of games) {
    if (batch.length >= sharedMost || (last !== seed && batch.length > 0)) {
      yield batch;
      batch = [];
    }
    const own = gameSeed(seed, game);
    if (asked.has(own))
      throw new SameseedError("bad_argument", `game ${game} of seed ${seed} is requested twice`);
    asked.set(own, { seed, game });
    batch.push(own);
    last = seed;
  }
  if (batch.length > 0) yield batch;
}

function taken(asked: Map<number, GameKey>, own: number): GameKey {
  const key = asked.get(own);
  if (key === undefined) throw new SameseedError("internal", "a game was played that nobody asked for");
  asked.delete(own);
  return key;
}
