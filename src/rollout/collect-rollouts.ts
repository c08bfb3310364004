import { SameseedError } from "../base/error.ts";
import { refuseUnknownOptions } from "../base/known-options.ts";
import { recordRollouts } from "./record-rollouts.ts";
import { checkSeedList, readSeeds } from "../model/seed.ts";
import {
  batchNames,
  resolveOptions,
  rolloutOptionNames,
  type BatchConfig,
  type RolloutConfig,
} from "./rollout-config.ts";
import { MisuseCheck, toResult, type RolloutResult } from "./rollout-result.ts";

/**
 * The rollouts of one batch: iterate over them as they finish, or wait for all of them in the order of their seeds. A
 * batch runs once; a second request of either kind is refused.
 */
export interface RolloutBatch extends AsyncIterable<RolloutResult> {
  /**
   * Waits for all and returns them in the order the seeds were given. Holds every trajectory in memory: iterate
   * where there are very many.
   * @throws as iterating does; `bad_argument` where the batch was run already
   */
  results(): Promise<RolloutResult[]>;
}

/**
 * Runs one rollout in fresh sandboxes of its own.
 *
 * @example
 * const rollout = await runRollout({ envName: "CartPole-v1", seed: 42 });
 * console.log(rollout.totalReward, rollout.digest);
 *
 * @throws `bad_argument`, `unknown_environment`, `bad_policy`, `image_missing`, `wall_unavailable`, `aborted`…:
 * misuse, or a failure of the host. A fault of the environment or policy is the result's `outcome`.
 */
export async function runRollout(config: RolloutConfig): Promise<RolloutResult> {
  refuseUnknownOptions(config, { ...rolloutOptionNames, seed: true }, "runRollout");
  const { seed, ...options } = config;
  for await (const result of collect({ ...options, seeds: [seed], concurrency: 1 }, [seed])) return result;
  throw new SameseedError("internal", "a batch of one seed had no result");
}

/**
 * Runs one rollout for each seed, each in fresh sandboxes, several at the same time.
 *
 * @example
 * for await (const rollout of collectRollouts({ envName: "CartPole-v1", seeds: [1, 2, 3] })) {
 *   console.log(rollout.seed, rollout.totalReward);
 * }
 *
 * @throws `bad_argument` for an option that it does not have, and for seeds that are no list; while iterating, as {@link runRollout}; a rollout that the host failed is tried three times first. Iterating a
 * second time throws `bad_argument`: it would run everything again.
 */
export function collectRollouts(config: BatchConfig): RolloutBatch {
  refuseUnknownOptions(config, batchNames, "collectRollouts");
  checkSeedList(config.seeds);
  let isRun = false;
  const run = (seeds: Iterable<number>): AsyncGenerator<RolloutResult, void, undefined> => {
    if (isRun)
      throw new SameseedError("bad_argument", "this batch has already run", {
        hint: "keep the results of the first run, or call collectRollouts again",
      });
    isRun = true;
    return collect(config, seeds);
  };
  return {
    [Symbol.asyncIterator]: () => run(config.seeds),
    results: async () => {
      const seeds = readSeeds(config.seeds);
      return await inOrder(run(seeds), seeds);
    },
  };
}

async function* collect(
  config: BatchConfig,
  seeds: Iterable<number>,
): AsyncGenerator<RolloutResult, void, undefined> {
  const misuse = new MisuseCheck();
  for await (const recorded of recordRollouts(resolveOptions(config), seeds, config)) {
    misuse.refuse(recorded.summary);
    yield toResult(recorded);
  }
}

/** Puts results at the places of their seeds. Of a seed that occurs twice, either result may stand at either place. */
async function inOrder(
  results: AsyncIterable<RolloutResult>,
  seeds: readonly number[],
): Promise<RolloutResult[]> {
  const places = Map.groupBy(seeds.keys(), (place) => seeds[place]!);
  const ordered: RolloutResult[] = [];
  for await (const result of results) ordered[places.get(result.seed)!.pop()!] = result;
  return ordered;
}
