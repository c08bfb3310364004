import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

import { AsyncQueue } from "../base/async-queue.ts";
import { isSameseedError, SameseedError } from "../base/error.ts";
import type { RecordedRollout } from "../model/rollout.ts";
import { sharedBackend } from "../sandbox/sandbox-host.ts";
import type { BackendReceipt, SandboxBackend } from "../sandbox/contract.ts";
import { executeRollout } from "./execute-rollout.ts";
import { planRollout } from "./plan-rollout.ts";
import {
  checkSeed,
  resolveOptions,
  type BatchConfig,
  type ResolvedOptions,
  type RolloutConfig,
} from "./rollout-config.ts";
import { refuseMisuse, toResult, type RolloutResult } from "./rollout-result.ts";

/** How often a rollout that the host failed is started again, and how long before each time. */
const retryDelaysMs = [100, 1000];

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

/**
 * Runs rollouts and yields them as recorded, in the order they finish. Holds a few more than run at one time, however
 * many seeds there are.
 */
export async function* recordRollouts(
  options: ResolvedOptions,
  seeds: Iterable<number>,
  { concurrency = 2 * availableParallelism(), signal }: RecordingOptions,
): AsyncGenerator<RecordedRollout, void, undefined> {
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 1024) {
    throw new SameseedError(
      "bad_argument",
      `concurrency must be a whole number from 1 to 1024, not ${concurrency}`,
    );
  }
  const backend = sharedBackend(options.image, options.backend);
  const receipt = await backend.receipt();
  const queue = new AsyncQueue<RecordedRollout>(concurrency);
  const stop = new AbortController();
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const source = seeds[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (let next = source.next(); next.done !== true && !queue.abandoned; next = source.next()) {
      await queue.push(await tryRollout(backend, receipt, options, checkSeed(next.value), both));
    }
  };
  const workers = Promise.all(Array.from({ length: concurrency }, work)).then(
    () => queue.end(),
    (error: unknown) => {
      queue.end(error);
      stop.abort();
    },
  );
  try {
    yield* queue;
  } finally {
    stop.abort();
    await workers;
  }
}

async function tryRollout(
  backend: SandboxBackend,
  receipt: BackendReceipt,
  options: ResolvedOptions,
  seed: number,
  signal: AbortSignal,
): Promise<RecordedRollout> {
  const plan = planRollout({ ...options.template, seed }, options.limits, receipt);
  for (let attempt = 0; ; attempt++) {
    try {
      return await executeRollout(backend, receipt, plan, options.limits, signal);
    } catch (error) {
      const delay = retryDelaysMs[attempt];
      if (!isSameseedError(error) || !error.kind.retryable || error.code === "aborted" || delay === undefined)
        throw error;
      await sleep(delay, undefined, { signal }).catch(() => {});
    }
  }
}
