import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

import { AsyncQueue } from "../base/async-queue.ts";
import { isSameseedError, SameseedError } from "../base/error.ts";
import type { RecordedRollout } from "../model/rollout.ts";
import { sharedBackend } from "../sandbox/sandbox-host.ts";
import type { BackendReceipt, SandboxBackend } from "../sandbox/contract.ts";
import { executeRollout } from "./execute-rollout.ts";
import { executeSharedGames } from "./execute-shared-games.ts";
import { canShareSandbox, isGame, planSharedGames } from "./plan-game.ts";
import { planRollout } from "./plan-rollout.ts";
import { checkSeed, type ResolvedOptions } from "./rollout-config.ts";

/** How often a rollout that the host failed is started again, and how long before each time. */
const retryDelaysMs = [100, 1000];
/** Games that may share a sandbox, in one: more would keep the other processors waiting. */
export const sharedGamesMost = 50;

/** How {@link recordRollouts} runs, beside the options that decide bytes. */
export interface RecordingOptions {
  /** A backend of the caller's, of the options' image and world. @default the one this process shares */
  readonly startOn?: SandboxBackend;
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
}

/** How {@link recordBatches} runs. */
export interface BatchRecordingOptions extends RecordingOptions {
  /**
   * Told of seeds that the host failed for good, in place of an error.
   * @default the error is thrown
   */
  readonly onFailure?: (seeds: readonly number[], error: SameseedError) => void;
}

/**
 * Runs rollouts and yields them as recorded, in the order they finish. Holds a few more than run at one time, however
 * many seeds there are.
 */
export async function* recordRollouts(
  options: ResolvedOptions,
  seeds: Iterable<number>,
  recording: RecordingOptions,
): AsyncGenerator<RecordedRollout, void, undefined> {
  const size = canShareSandbox(options.template) ? sharedGamesMost : 1;
  yield* recordBatches(options, inBatches(seeds, size), recording);
}

/**
 * Runs rollouts batch by batch: a batch of games that may share a sandbox is played in one, any other one by one. Yields
 * them in the order they finish; which batch a rollout was in shows in nothing but its timings.
 */
export async function* recordBatches(
  options: ResolvedOptions,
  batches: Iterable<readonly number[]>,
  { concurrency = 2 * availableParallelism(), signal, onFailure, startOn }: BatchRecordingOptions,
): AsyncGenerator<RecordedRollout, void, undefined> {
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 1024) {
    throw new SameseedError(
      "bad_argument",
      `concurrency must be a whole number from 1 to 1024, not ${concurrency}`,
    );
  }
  const backend = startOn ?? sharedBackend(options.image, options.backend, options.world);
  const receipt = await backend.receipt();
  const queue = new AsyncQueue<RecordedRollout>(concurrency);
  const stop = new AbortController();
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const host: Host = { backend, receipt, options, signal: both };
  const source = workItems(options, batches);
  const work = async (): Promise<void> => {
    for (let next = source.next(); next.done !== true && !queue.abandoned; next = source.next()) {
      const seeds = next.value.map(checkSeed);
      for (const rollout of await tryBatch(host, seeds, onFailure)) await queue.push(rollout);
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

interface Host {
  readonly backend: SandboxBackend;
  readonly receipt: BackendReceipt;
  readonly options: ResolvedOptions;
  readonly signal: AbortSignal;
}

/** What runs at one time: a batch where its rollouts share a sandbox, else each of them. */
function* workItems(
  { template }: ResolvedOptions,
  batches: Iterable<readonly number[]>,
): Generator<readonly number[], undefined, undefined> {
  const shared = canShareSandbox(template);
  for (const batch of batches) {
    if (shared && batch.length > 0) yield batch;
    else for (const seed of batch) yield [seed];
  }
}

function* inBatches(seeds: Iterable<number>, size: number): Generator<readonly number[]> {
  let batch: number[] = [];
  for (const seed of seeds) {
    batch.push(seed);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

async function tryBatch(
  host: Host,
  seeds: readonly number[],
  onFailure: BatchRecordingOptions["onFailure"],
): Promise<readonly RecordedRollout[]> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await runBatch(host, seeds);
    } catch (error) {
      if (!isSameseedError(error) || error.code === "aborted") throw error;
      const delay = retryDelaysMs[attempt];
      if (error.kind.retryable && delay !== undefined) {
        await sleep(delay, undefined, { signal: host.signal }).catch(() => {});
        continue;
      }
      if (!error.kind.retryable || onFailure === undefined) throw error;
      onFailure(seeds, error);
      return [];
    }
  }
}

async function runBatch(
  { backend, receipt, options: { template, limits }, signal }: Host,
  seeds: readonly number[],
): Promise<readonly RecordedRollout[]> {
  if (seeds.length > 1 && isGame(template)) {
    const shared = planSharedGames(template, seeds, limits, receipt);
    return await executeSharedGames(backend, receipt, shared, limits, signal);
  }
  const rollouts = [];
  for (const seed of seeds) {
    const plan = planRollout({ ...template, seed }, limits, receipt);
    const rollout = await executeRollout(backend, receipt, plan, limits, signal);
    // A busy host may have kept a seat waiting, which must not be its loss; one that stalls by itself does so again.
    rollouts.push(isLate(rollout) ? await executeRollout(backend, receipt, plan, limits, signal) : rollout);
  }
  return rollouts;
}

function isLate({ summary: { outcome, error } }: RecordedRollout): boolean {
  return outcome === "wall_limit" && error?.seat !== undefined;
}
