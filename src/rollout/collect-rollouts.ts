import { SameseedError } from "../base/error.ts";
import { recordRollouts } from "./record-rollouts.ts";
import { resolveOptions, type BatchConfig, type RolloutConfig } from "./rollout-config.ts";
import { refuseMisuse, toResult, type RolloutResult } from "./rollout-result.ts";

/** The rollouts of one batch, as they finish; or all of them, in the order of their seeds. */
export interface RolloutBatch extends AsyncIterable<RolloutResult> {
  /**
   * Waits for all and returns them in the order the seeds were given. Holds every trajectory in memory: iterate
   * where there are very many.
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
 * @throws `bad_argument`, `unknown_environment`, `bad_policy`, `image_missing`, `wall_unavailable`, `aborted`…: misuse
 * and broken infrastructure. What the environment or policy does wrong is the result's `outcome`.
 */
export async function runRollout(config: RolloutConfig): Promise<RolloutResult> {
  for await (const result of collectRollouts({ ...config, seeds: [config.seed], concurrency: 1 }))
    return result;
  throw new SameseedError("internal", "a batch of one seed had no result");
}

/**
 * Runs one rollout for each seed, each in fresh sandboxes of its own, several at a time.
 *
 * @example
 * for await (const rollout of collectRollouts({ envName: "CartPole-v1", seeds: [1, 2, 3] })) {
 *   console.log(rollout.seed, rollout.totalReward);
 * }
 *
 * @throws while iterating, as {@link runRollout}; a rollout that the host failed is tried three times first
 */
export function collectRollouts(config: BatchConfig): RolloutBatch {
  const iterate = async function* (): AsyncGenerator<RolloutResult, void, undefined> {
    const options = resolveOptions(config);
    const run = recordRollouts(options, config.seeds, config);
    for await (const recorded of run) {
      refuseMisuse(recorded.summary);
      yield toResult(recorded);
    }
  };
  return {
    [Symbol.asyncIterator]: iterate,
    results: async () => {
      const order = new Map<number, number>();
      const seeds = [...config.seeds];
      for (const seed of seeds) order.set(seed, order.size);
      const results = [];
      for await (const result of collectRollouts({ ...config, seeds })) results.push(result);
      return results.sort((a, b) => order.get(a.seed)! - order.get(b.seed)!);
    },
  };
}

/** How {@link recordRollouts} runs, beside the options that decide bytes. */
export interface RecordingOptions {
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
}
