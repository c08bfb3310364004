import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";

import { timeName } from "../base/clock.ts";
import type { SameseedError } from "../base/error.ts";
import { type BranchParent, rowKey } from "../model/branch.ts";
import type { RolloutSummary, Seat } from "../model/rollout.ts";
import { executeRollout } from "../rollout/execute-rollout.ts";
import { engineUnavailable } from "../rollout/state-engine.ts";
import { planRollout } from "../rollout/plan-rollout.ts";
import { recordBatches } from "../rollout/record-rollouts.ts";
import type { ResolvedOptions } from "../rollout/rollout-config.ts";
import type { RolloutHost } from "../rollout/rollout-host.ts";
import { MisuseCheck } from "../rollout/rollout-result.ts";
import { openWriter } from "../store/record-run.ts";
import { RunReader } from "../store/run-reader.ts";
import type { RunWriter } from "../store/run-writer.ts";
import { hostForRerun } from "../verify/recorded-run.ts";
import { type BranchRunConfig, reseedsOf, seatsAtBranch, type SettledBranch } from "./branch-config.ts";
import { BranchTrunk } from "./branch-trunk.ts";
import { type RecordedParent, recordedParent } from "./recorded-parent.ts";

/** A recorded run of branches. */
export interface BranchRunResult {
  readonly runId: string;
  readonly dir: string;
  readonly parent: BranchParent;
  readonly step: number;
  /** The parent's chain value at that step. */
  readonly link: string;
  /** Every branch, in the order of their numbers. */
  readonly branches: readonly SettledBranch[];
}

/**
 * Branches a recorded rollout: each branch continues from the state after a step, in fresh sandboxes of its own, and is
 * recorded as a rollout. The parent is checked first, and again in each branch.
 *
 * @param dir the parent's run folder
 * @example
 * const tree = await branchRun("runs/cartpole", { seed: 42, step: 10, reseed: [1, 2, 3] });
 * const returns = tree.branches.map((branch) => branch.status === "fulfilled" && branch.rollout.totalReward);
 *
 * @throws `prefix_diverged` where the parent does not give its recorded chain, with the first divergence; `run_missing`,
 * `run_damaged`, `bad_argument`, `bad_policy`, `run_exists`, `run_differs`, `disk_full`, `aborted`… A branch that the host
 * failed for good is `rejected` in the result.
 */
export async function branchRun(dir: string, config: BranchRunConfig): Promise<BranchRunResult> {
  const reseeds = reseedsOf(config);
  const parent = await openParent(dir, config);
  const { manifest, past } = parent;
  const host = await hostForRerun(manifest, config.backend ?? manifest.backend);
  const options = resolveBranches(parent, config, reseeds, host);
  const out = resolve(config.out ?? join("runs", `branches-${timeName()}-${randomBytes(2).toString("hex")}`));
  const existed = existsSync(out);
  const branch = { parent: parent.named, step: past.step, reseeds, past: parent.stored };
  const run = { options, host, seeds: [parent.summary.seed], branch };
  const writer = await openWriter(out, run, { resume: config.resume ?? false });
  const settled = new Map<number, SettledBranch>();
  try {
    const missing = [...reseeds.keys()].filter((number) => !writer.recorded.has(number));
    // Nothing is begun from a state that is not the recorded one.
    const copies =
      missing.length === 0 ? undefined : await checkedTrunk(host, options, missing.length, config);
    config.onOpen?.({
      runId: writer.manifest.runId,
      dir: out,
      recorded: writer.recorded.size,
      total: reseeds.length,
    });
    try {
      await record(writer, missing, { options, host, config, settled, copies });
    } finally {
      await copies?.close();
    }
  } finally {
    await writer.closeOrDiscard(existed);
  }
  await addRecorded(out, reseeds, settled);
  return {
    runId: writer.manifest.runId,
    dir: out,
    parent: parent.named,
    step: past.step,
    link: past.parent,
    branches: reseeds.map((_, number) => settled.get(number)!),
  };
}

async function openParent(dir: string, config: BranchRunConfig): Promise<RecordedParent> {
  using reader = await RunReader.open(dir);
  return recordedParent(reader, config);
}

function resolveBranches(
  parent: RecordedParent,
  config: BranchRunConfig,
  reseeds: readonly (number | null)[],
  { image, backend }: RolloutHost,
): ResolvedOptions {
  const { manifest, past, summary } = parent;
  const { seeds: _, branch: __, ...template } = manifest.spec;
  const { seats, functions } = seatsAtBranch(parent, config);
  const given = Object.entries(config.limits ?? {}).filter(([, value]) => value !== undefined);
  return {
    template: { ...template, seats },
    image:
      image.manifest.digest === manifest.image.manifest.digest ? manifest.image.name : image.manifest.digest,
    backend,
    world: manifest.world,
    limits: { ...summary.receipt.limits, ...Object.fromEntries(given) },
    functions,
    ...(config.idleMs === undefined ? {} : { idleMs: config.idleMs }),
    branch: { seed: summary.seed, past, reseeds },
  };
}

/**
 * Checks a past; where branches are to be copied from it, in the trunk that they are copied from.
 * @throws `prefix_diverged`, `engine_unavailable`
 */
async function checkedTrunk(
  host: RolloutHost,
  options: ResolvedOptions,
  count: number,
  { engine, signal }: BranchRunConfig,
): Promise<BranchTrunk | undefined> {
  // A single branch is all that would be copied.
  if (engine === "fork" || (engine === undefined && count > 1)) {
    const trunk = await BranchTrunk.open({ host, options, isForced: engine === "fork", signal });
    if (typeof trunk !== "string") return trunk;
    if (engine === "fork") throw engineUnavailable(engine, trunk);
  }
  await checkPast(host, options, signal);
  return undefined;
}

/**
 * Plays a past alone and holds it against the recording.
 * @throws `prefix_diverged`
 */
export async function checkPast(
  { backend, receipt }: RolloutHost,
  { template, limits, branch }: ResolvedOptions,
  signal?: AbortSignal,
): Promise<void> {
  const { seed, past } = branch!;
  const nobody = template.seats.map(({ seat }): Seat => ({
    seat,
    policy: { kind: "actions", actions: [] },
  }));
  const plan = planRollout({ ...template, seed, seats: nobody }, limits, receipt, {
    branch: { past, reseed: null, number: 0 },
  });
  await executeRollout(backend, receipt, plan, limits, signal);
}

/** What {@link record} works with. */
interface Recording {
  readonly options: ResolvedOptions;
  readonly host: RolloutHost;
  readonly config: BranchRunConfig;
  readonly settled: Map<number, SettledBranch>;
  readonly copies: BranchTrunk | undefined;
}

async function record(
  writer: RunWriter,
  missing: readonly number[],
  { options, host, config, settled, copies }: Recording,
): Promise<void> {
  const { reseeds } = options.branch!;
  const misuse = new MisuseCheck(writer.recorded.size > 0);
  const settle = (branch: SettledBranch): void => {
    settled.set(branch.number, branch);
    config.onBranch?.(branch);
  };
  const onFailure = (numbers: readonly number[], error: SameseedError): void => {
    for (const number of numbers)
      settle({ status: "rejected", number, reseed: reseeds[number] ?? null, error });
  };
  const batches = missing.map((number) => [number]);
  const own = { ...config, host, onFailure, copies, ...(copies === undefined ? {} : concurrencyOf(config)) };
  for await (const rollout of recordBatches(options, batches, own)) {
    const { summary } = rollout;
    misuse.refuse(summary);
    await writer.append(rollout);
    settle(fulfilled(summary));
  }
}

/** A tree holds 63 copies at a time. */
const copiesMost = 48;

function concurrencyOf({ concurrency = 2 * availableParallelism() }: BranchRunConfig): {
  readonly concurrency: number;
} {
  return { concurrency: Math.min(concurrency, copiesMost) };
}

async function addRecorded(
  out: string,
  reseeds: readonly (number | null)[],
  settled: Map<number, SettledBranch>,
): Promise<void> {
  if (settled.size === reseeds.length) return;
  using reader = await RunReader.open(out);
  for (const row of reader.rows()) if (!settled.has(rowKey(row))) settled.set(rowKey(row), fulfilled(row));
}

function fulfilled(rollout: RolloutSummary): SettledBranch {
  return { status: "fulfilled", number: rowKey(rollout), reseed: rollout.branch?.reseed ?? null, rollout };
}
