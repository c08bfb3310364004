import { availableParallelism } from "node:os";

import { SameseedError } from "../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";
import { chainOf, type TrajectoryChain } from "../trajectory/trajectory-chain.ts";
import { checkImage } from "../image/check-image.ts";
import type { ImageDifference } from "../model/image-manifest.ts";
import { isComplete, isCutOff, type Outcome } from "../model/outcome.ts";
import { rowKey } from "../model/branch.ts";
import type { RecordedRollout, RolloutSummary, RunSpec } from "../model/rollout.ts";
import { lowestTier, type Tier } from "../model/receipt.ts";
import type { Divergence } from "../model/trajectory.ts";
import { asksCaller } from "../rollout/plan-rollout.ts";
import { recordRollouts } from "../rollout/record-rollouts.ts";
import type { BackendChoice } from "../rollout/rollout-host.ts";
import { isKept } from "../store/kept.ts";
import { RunReader } from "../store/run-reader.ts";
import { checkCertificate, type CertificateCheck } from "./audit/certificate.ts";
import { firstDivergence } from "../trajectory/first-divergence.ts";
import { outcomeDivergence, rowDivergence } from "./row-divergence.ts";
import {
  hostForRerun,
  optionsForRerun,
  recordedAnswers,
  recordedChain,
  refuseOtherImage,
  seedsByLimits,
  nameOf,
  type RolloutName,
  sameEnd,
} from "./recorded-run.ts";

export type { RolloutName } from "./recorded-run.ts";

/** How a run is verified. */
export interface VerifyOptions {
  /** A backend that the caller created has its own image. @default the backend of the recording */
  readonly backend?: BackendChoice;
  /**
   * Reads every file of the image, and every recorded byte, before anything is run. Otherwise the image is known by the
   * sizes, times and inodes of its files, and a recorded byte is checked when it is read.
   * @default false
   */
  readonly deep?: boolean;
  /** Rollouts at the same time. @default twice the processors */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  /** Called with the differences between the images, before anything runs. */
  readonly onStart?: (start: {
    readonly rollouts: number;
    readonly differences: readonly ImageDifference[];
  }) => void;
  /** Called with each compared rollout. */
  readonly onRollout?: (compared: ComparedRollout) => void;
  /** Called with the other bytes of each rollout that diverged: a trajectory blob of format 2. */
  readonly onDiverged?: (diverged: RolloutName, trajectory: Uint8Array) => void;
}

/** Every name of {@link VerifyOptions}. */
export const verifyNames: NamesOf<VerifyOptions> = {
  deep: true,
  backend: true,
  concurrency: true,
  signal: true,
  onStart: true,
  onRollout: true,
  onDiverged: true,
};

/** A recorded rollout and its rerun. */
export interface ComparedRollout extends RolloutName {
  /**
   * `equal`: the same bytes, and a complete episode or a game that ended by a forfeit. `diverged`: other bytes. `failed`: both ended in the same fault;
   * equal failures prove nothing.
   */
  readonly verdict: "equal" | "diverged" | "failed";
  readonly outcome: Outcome;
  readonly recordedOutcome: Outcome;
  readonly firstDivergence?: Divergence;
}

/** The result of verifying a run. */
export interface VerifyResult {
  /** Whether every rollout of the run is recorded and was run again with the same bytes, and each was a complete episode. */
  readonly verified: boolean;
  /** Rollouts compared. */
  readonly rollouts: number;
  /** Rollouts with the same bytes. */
  readonly equal: number;
  readonly diverged: readonly (RolloutName & { readonly firstDivergence: Divergence })[];
  /** Rollouts that cannot be verified because they ended in a fault, both times. */
  readonly failed: readonly (RolloutName & { readonly outcome: Outcome })[];
  /**
   * Seats whose actions came from whoever ran the rollouts. They took the recorded actions: that the environment answers them
   * with the same bytes is verified, not that the same caller would choose them again. Absent where there is none.
   */
  readonly fedFromRecording?: readonly string[];
  /** Seeds of the run that are not recorded: not yet, or not any more. */
  readonly missing: number;
  /** Whether the end of the recording was cut off after it was written: what is missing was there once. */
  readonly cutShort: boolean;
  /** The image used now: its digest (64 hex digits), and whether every file of it was read, as `deep` asks. */
  readonly image: { readonly digest: string; readonly checked: "stamps" | "content" };
  /** What differs between the image of the recording and the one used now. */
  readonly imageDifferences: readonly ImageDifference[];
  /** What is left of what the receipts claim, of the recording and of the rerun: `none` where a rollout diverged. */
  readonly tier: Tier;
  /** Groups of different seeds with the same trajectory: a sign that the seed is ignored. */
  readonly identicalSeeds: readonly (readonly number[])[];
  /** The run's certificate, if it has one. */
  readonly certificate?: Exclude<CertificateCheck, { readonly state: "none" }>;
}

/**
 * Runs every recorded rollout again in fresh sandboxes and compares the hash chains.
 * @throws `run_missing`, `run_damaged`, `image_missing`, `wall_unavailable`, `aborted`…
 */
export async function verifyRun(dir: string, options: VerifyOptions = {}): Promise<VerifyResult> {
  refuseUnknownOptions(options, verifyNames, "verifyRun");
  const { deep = false } = options;
  using reader = await RunReader.open(dir, { checkAll: deep });
  if (reader.size === 0) {
    throw new SameseedError("run_missing", `${dir} has no recorded rollout yet`, {
      hint: "record it with `sameseed run … --out DIR`",
    });
  }
  const { manifest } = reader;
  const host = await hostForRerun(manifest, options.backend ?? manifest.backend);
  if (deep) checkImage(host.image);
  options.onStart?.({ rollouts: reader.size, differences: host.differences });
  const certificate = checkCertificate(dir, manifest);
  const called = asksCaller(manifest.spec);
  const tally = new Tally();
  for (const { limits, seeds } of seedsByLimits(reader)) {
    const rerun = optionsForRerun(manifest, host.image.manifest.digest, host.backend, limits);
    const recorded = recordRollouts(rerun, seeds, {
      host,
      concurrency: options.concurrency ?? 2 * availableParallelism(),
      ...(called ? { recorded: (seed) => recordedAnswers(recordedChain(reader, reader.row(seed))) } : {}),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    for await (const actual of recorded) {
      const row = reader.row(rowKey(actual.summary));
      const compared = compare(reader, row, actual, host.differences);
      tally.add(compared, [row.receipt.tier, actual.summary.receipt.tier]);
      options.onRollout?.(compared);
      if (compared.verdict === "diverged") options.onDiverged?.(nameOf(actual.summary), actual.trajectory);
    }
  }
  const missing = [...reader.missing()].length;
  return {
    ...tally.result(missing === 0 && !reader.cutShort),
    missing,
    ...(called ? { fedFromRecording: callerSeats(manifest.spec) } : {}),
    cutShort: reader.cutShort,
    image: { digest: host.image.manifest.digest, checked: deep ? "content" : "stamps" },
    imageDifferences: host.differences,
    // Branches of one state may well be the same.
    identicalSeeds:
      manifest.spec.branch === undefined
        ? [...reader.identicalTrajectories()].map(({ seeds: same }) => same)
        : [],
    ...(certificate.state === "none" ? {} : { certificate }),
  };
}

function callerSeats({ seats }: RunSpec): string[] {
  return seats.filter(({ policy }) => policy.kind === "caller").map(({ seat }) => seat);
}

function compare(
  reader: RunReader,
  expected: RolloutSummary,
  actual: RecordedRollout,
  imageDifferences: readonly ImageDifference[],
): ComparedRollout {
  const both = { ...nameOf(expected), outcome: actual.summary.outcome, recordedOutcome: expected.outcome };
  const isGame = reader.manifest.spec.seats.length > 1;
  const isSame = isResult(expected, isGame) && sameEnd(expected, actual.summary);
  const { keep = "full" } = reader.manifest;
  // Of a trajectory that was not kept there is its digest, which covers every byte of it, those that name the image too.
  if (!isKept(keep, expected) && !reader.hasTrajectory(rowKey(expected))) {
    const isWhole = imageDifferences.length > 0 || expected.digest === actual.summary.digest;
    return { ...both, ...compareDigests(expected, actual.summary, { isGame, isWhole }) };
  }
  const chain = recordedChain(reader, expected);
  refuseOtherImage(expected, chain);
  const inRow = isSame ? rowDivergence(expected, actual.summary) : undefined;
  if (inRow !== undefined) return { ...both, verdict: "diverged", firstDivergence: inRow };
  if (isSame) return { ...both, verdict: "equal" };
  if (sameFailure(expected, actual.summary, chain)) return { ...both, verdict: "failed" };
  const divergence = firstDivergence(chain, chainOf(actual.trajectory));
  return {
    ...both,
    verdict: "diverged",
    firstDivergence: divergence ?? outcomeDivergence(expected, actual.summary),
  };
}

/** What can be said without the recorded bytes: whether they are the same, not where they differ. */
function compareDigests(
  expected: RolloutSummary,
  actual: RolloutSummary,
  { isGame, isWhole }: { readonly isGame: boolean; readonly isWhole: boolean },
): Pick<ComparedRollout, "verdict" | "firstDivergence"> {
  const inRow = sameEnd(expected, actual) ? rowDivergence(expected, actual) : undefined;
  if (inRow !== undefined) return { verdict: "diverged", firstDivergence: inRow };
  if (sameEnd(expected, actual) && isWhole)
    return { verdict: isResult(expected, isGame) ? "equal" : "failed" };
  if (expected.outcome !== actual.outcome)
    return { verdict: "diverged", firstDivergence: outcomeDivergence(expected, actual) };
  const difference = {
    field: "digest",
    path: "digest",
    expected: expected.digest,
    actual: actual.digest,
  };
  return {
    verdict: "diverged",
    firstDivergence: { ...outcomeDivergence(expected, actual), ...difference, differing: ["digest"] },
  };
}

/** Whether a rollout came to an end that says something: a whole episode, or a game that a seat forfeited. */
function isResult({ outcome, error }: RolloutSummary, isGame: boolean): boolean {
  return isComplete(outcome) || (isGame && error?.seat !== undefined);
}

function sameFailure(expected: RolloutSummary, actual: RolloutSummary, chain: TrajectoryChain): boolean {
  if (expected.outcome !== actual.outcome || isComplete(expected.outcome)) return false;
  // A process that vanished took along what it had not sent yet; without a closing record the length says nothing.
  if (chain.digests.outcome === null) return true;
  return isCutOff(expected.outcome) || expected.contentDigest === actual.contentDigest;
}

class Tally {
  #equal = 0;
  readonly #diverged: (RolloutName & { readonly firstDivergence: Divergence })[] = [];
  readonly #failed: (RolloutName & { readonly outcome: Outcome })[] = [];
  readonly #claimed: Set<Tier> = new Set();

  add(
    { seed, branch, verdict, outcome, firstDivergence: divergence }: ComparedRollout,
    claimed: Tier[],
  ): void {
    for (const tier of claimed) this.#claimed.add(tier);
    const name = branch === undefined ? { seed } : { seed, branch };
    if (verdict === "equal") this.#equal++;
    else if (verdict === "failed" || divergence === undefined) this.#failed.push({ ...name, outcome });
    else this.#diverged.push({ ...name, firstDivergence: divergence });
  }

  /** @param whole whether every rollout of the run was there to be compared */
  result(
    whole: boolean,
  ): Pick<VerifyResult, "verified" | "rollouts" | "equal" | "diverged" | "failed" | "tier"> {
    const rollouts = this.#equal + this.#diverged.length + this.#failed.length;
    const bySeed = (a: RolloutName, b: RolloutName): number =>
      a.seed - b.seed || (a.branch ?? 0) - (b.branch ?? 0);
    return {
      verified: whole && rollouts > 0 && this.#equal === rollouts,
      rollouts,
      equal: this.#equal,
      diverged: this.#diverged.sort(bySeed),
      failed: this.#failed.sort(bySeed),
      tier: this.#diverged.length > 0 ? "none" : lowestTier([...this.#claimed]),
    };
  }
}
