import { availableParallelism } from "node:os";

import { isSameseedError } from "../../base/error.ts";
import type { SprtOptions } from "../../stats/sprt.ts";
import type { MatchGame } from "./match-game.ts";
import type { MatchupPlan } from "./matchup-config.ts";
import { playMatchup, type PlayedGame, type PlayMatchupOptions } from "./play-matchup.ts";
import { SequentialPairs } from "./sequential-pairs.ts";
import { blockKeys, blocksOf, placesOf } from "./unit-keys.ts";
import { pointsOf, toUnits } from "./units.ts";

/** How a sequential matchup is played. */
export interface PlaySequentialOptions extends PlayMatchupOptions {
  readonly sprt: SprtOptions;
  /** Told of each game as it finishes, also of those that are dropped in the end. */
  readonly onGame?: (played: PlayedGame) => void;
}

/** Blocks that are played at the same time: one beyond the one that is looked at, so that no processor waits for the verdict. */
const blocksAhead = 2;

/**
 * Plays blocks of pairs until the test is decided or every pair was played, then ends what still runs and drops what was
 * begun beyond the block that decided.
 * @returns the games that the verdict rests on
 * @throws as `playMatchup`
 */
export async function playSequential(
  plan: MatchupPlan & { readonly sequential: { readonly maxPairs: number } },
  { sprt, onGame, concurrency = 2 * availableParallelism(), signal, keeper }: PlaySequentialOptions,
): Promise<MatchGame[]> {
  const blocks = blocksOf(plan.sequential.maxPairs);
  const test = new SequentialPairs(sprt, blocks);
  const stop = new AbortController();
  const playing: PlayMatchupOptions = {
    concurrency: Math.max(1, Math.ceil(concurrency / blocksAhead)),
    signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
    ...(keeper === undefined ? {} : { keeper }),
  };
  const placeOf = placesOf(plan);
  const played: MatchGame[][] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (!test.ended && next < blocks) {
      const block = next++;
      const games: MatchGame[] = [];
      for await (const each of playMatchup(plan, blockKeys(plan, block), playing)) {
        games.push(each.game);
        onGame?.(each);
      }
      played[block] = games;
      if (test.add(block, toUnits(games, placeOf, true).units.map(pointsOf))) stop.abort();
    }
  };
  const workers = Array.from({ length: Math.min(blocksAhead, blocks) }, async () => {
    try {
      await work();
    } catch (error) {
      const isOwn = stop.signal.aborted && isSameseedError(error) && error.code === "aborted";
      stop.abort();
      // What the verdict itself cancelled has not failed.
      if (!isOwn || signal?.aborted === true) throw error;
    }
  });
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
  return played.slice(0, test.seen).flat();
}
