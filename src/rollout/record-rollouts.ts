import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

import { isSameseedError, SameseedError } from "../base/error.ts";
import type { Semaphore } from "../base/semaphore.ts";
import { workThrough } from "../base/work-through.ts";
import { checkSeed } from "../model/seed.ts";
import type { RecordedRollout } from "../model/rollout.ts";
import type { CopiedPlace } from "./live-options.ts";
import { executeRollout, executeShared } from "./execute-rollout.ts";
import { askedBranch } from "./plan-branch.ts";
import { asksCaller, canShareSandbox, planRollout, planShared } from "./plan-rollout.ts";
import { runWithFunctions } from "./policy-function.ts";
import { type RecordedAnswers, runWithRecording } from "./recorded-answers.ts";
import { prepareStart } from "./prepared-start.ts";
import { defaultIdleMs, type ResolvedOptions } from "./rollout-config.ts";
import { engineOf, type RolloutFleet } from "./rollout-fleet.ts";
import { openHost, type RolloutHost } from "./rollout-host.ts";
import { engineUnavailable } from "./state-engine.ts";
import { reasonIn } from "./trunk-lost.ts";

/** How often a rollout that the host failed is started again, and how long before each time. */
const retryDelaysMs = [100, 1000];
/** Rollouts that may share a sandbox, in one: more would keep the other processors waiting. */
export const sharedMost = 50;

/** How {@link recordRollouts} runs, beside the options that decide bytes. */
export interface RecordingOptions {
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  /** Where they run. @default what the options name, found when the first rollout starts */
  readonly host?: RolloutHost;
  /** Other machines that run them; nothing else here is then used but the signal. @default this one */
  readonly fleet?: RolloutFleet;
  /** What calls that run beside each other share: so many rollouts of all of them at the same time. @default none */
  readonly gate?: Semaphore;
  /** What branches are copied from. @default nothing: they are replayed */
  readonly copies?: BranchCopies | undefined;
  /** Where nobody answers for the caller's seats any more: what is recorded of a seed. */
  readonly recorded?: (seed: number) => RecordedAnswers;
}

/** A state that the branches of a run are copied from. */
export interface BranchCopies {
  /** Whether a branch that cannot be copied is an error. */
  readonly isForced: boolean;
  /** Where a branch goes on. */
  at(reseed: number | null): CopiedPlace;
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
 * Runs rollouts and yields them as recorded, in the order they finish. Holds a few more than run at the same time, however
 * many seeds there are.
 */
export async function* recordRollouts(
  options: ResolvedOptions,
  seeds: Iterable<number>,
  recording: RecordingOptions,
): AsyncGenerator<RecordedRollout, void, undefined> {
  const { fleet, signal } = recording;
  if (fleet !== undefined) {
    yield* engineOf(fleet).rollouts(options, seeds, signal === undefined ? {} : { signal });
    return;
  }
  const size = isShared(options) ? sharedMost : 1;
  yield* recordBatches(options, inBatches(seeds, size), recording);
}

/**
 * Runs rollouts batch by batch: a batch of rollouts that may share a sandbox runs in one, any other one by one. Yields
 * them in the order they finish; which batch a rollout was in shows in nothing but its timings.
 */
export async function* recordBatches(
  options: ResolvedOptions,
  batches: Iterable<readonly number[]>,
  {
    concurrency = 2 * availableParallelism(),
    signal,
    host: given,
    onFailure,
    recorded,
    copies,
    gate,
  }: BatchRecordingOptions,
): AsyncGenerator<RecordedRollout, void, undefined> {
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 1024) {
    throw new SameseedError(
      "bad_argument",
      `concurrency must be a whole number from 1 to 1024, not ${concurrency}`,
    );
  }
  refuseUnanswered(options, recorded);
  const place = given ?? (await openHost(options));
  const stop = new AbortController();
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const start = options.start === "prepared" ? await prepareStart(place, options, both) : undefined;
  const host: Place = { ...(start?.host ?? place), options, signal: both, recorded, copies };
  try {
    yield* workThrough<readonly number[], RecordedRollout>(workItems(options, batches), {
      concurrency,
      stop,
      work: async (batch, push) => {
        await gate?.acquire(both);
        const rollouts = await tryBatch(host, batch.map(checkSeed), onFailure).finally(() => gate?.release());
        for (const rollout of rollouts) await push(rollout);
      },
    });
  } finally {
    await start?.close();
  }
}

interface Place extends RolloutHost {
  readonly options: ResolvedOptions;
  readonly signal: AbortSignal;
  readonly recorded: RecordingOptions["recorded"];
  readonly copies: RecordingOptions["copies"];
}

function refuseUnanswered(
  { template, functions = {} }: ResolvedOptions,
  recorded: RecordingOptions["recorded"],
): void {
  const seat = template.seats.find(
    (own) => own.policy.kind === "caller" && functions[own.seat] === undefined,
  );
  if (recorded !== undefined || seat === undefined) return;
  throw new SameseedError("bad_argument", `nobody answers for the seat ${seat.seat}`, {
    hint: "the rollouts were recorded with a function as the policy: give that function again",
  });
}

/** What runs at the same time: a batch where its rollouts share a sandbox, else each of them. */
function* workItems(
  options: ResolvedOptions,
  batches: Iterable<readonly number[]>,
): Generator<readonly number[], undefined, undefined> {
  const shared = isShared(options);
  for (const batch of batches) {
    if (shared && batch.length > 0) yield batch;
    else for (const seed of batch) yield [seed];
  }
}

function isShared({ template, branch }: ResolvedOptions): boolean {
  return branch === undefined && canShareSandbox(template);
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
  host: Place,
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
      const isOwn = error.kind.retryable || error.code === "prefix_diverged";
      if (!isOwn || onFailure === undefined) throw error;
      onFailure(seeds, error);
      return [];
    }
  }
}

async function runBatch(place: Place, seeds: readonly number[]): Promise<readonly RecordedRollout[]> {
  const { copies, options } = place;
  if (copies === undefined) return await runEach(place, seeds);
  try {
    return await runEach(place, seeds, copies.at(options.branch!.reseeds[seeds[0]!] ?? null));
  } catch (error) {
    const reason = reasonIn(error);
    if (reason === undefined) throw error;
    if (copies.isForced) throw engineUnavailable("fork", reason);
    return await runEach(place, seeds);
  }
}

async function runEach(
  { backend, receipt, options, signal, recorded }: Place,
  seeds: readonly number[],
  copied?: CopiedPlace,
): Promise<readonly RecordedRollout[]> {
  const { template, limits, branch, functions = {}, idleMs = defaultIdleMs } = options;
  if (seeds.length > 1) {
    const shared = planShared(template, seeds, limits, receipt);
    return await executeShared(backend, receipt, shared, limits, signal);
  }
  const [key = 0] = seeds;
  const spec = { ...template, seed: branch?.seed ?? key };
  const own = askedBranch(branch, key, copied === undefined ? "replay" : "fork");
  if (!asksCaller(template)) {
    const plan = planRollout(spec, limits, receipt, own);
    return [await executeRollout(copied?.starter ?? backend, receipt, plan, limits, signal)];
  }
  const how = { receipt, limits, idleMs, signal, ...(copied === undefined ? {} : { copied }) };
  const answers = recorded?.(key);
  const given = answers === undefined ? own : { ...own, manifest: answers.manifest };
  const plan = planRollout(spec, limits, receipt, given);
  return [
    answers === undefined
      ? await runWithFunctions(backend, plan, functions, how)
      : await runWithRecording(backend, plan, answers, how),
  ];
}
