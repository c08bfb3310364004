import { recordedActionList, recordedActions, recordedPolicyEnd } from "../harness/recorded-actions.ts";
import { isSameseedError, SameseedError } from "../base/error.ts";
import { readPast } from "../trajectory/lineage.ts";
import { chainOf, type TrajectoryChain } from "../trajectory/trajectory-chain.ts";
import { compareImages } from "../image/compare-images.ts";
import { resolveImage } from "../image/image-store.ts";
import type { ImageDifference } from "../model/image-manifest.ts";
import type { Limits } from "../model/limits.ts";
import { rowKey } from "../model/branch.ts";
import type { RolloutSummary } from "../model/rollout.ts";
import type { RunManifest } from "../model/run-manifest.ts";
import type { RunReader } from "../store/run-reader.ts";
import type { ReplaySource } from "../rollout/plan-rollout.ts";
import type { RecordedAnswers } from "../rollout/recorded-answers.ts";
import type { ResolvedOptions } from "../rollout/rollout-config.ts";
import { openHost, type BackendChoice, type RolloutHost } from "../rollout/rollout-host.ts";

/** The image a recorded run is run with again, and what differs from the one it was recorded with. */
export interface ImageForRerun {
  /** A digest: 64 hex digits. */
  readonly image: string;
  /** Empty if it is the very same. */
  readonly differences: readonly ImageDifference[];
}

/**
 * Finds the image a run was recorded with; where it is gone, the one that has its name now.
 * @throws `image_missing`
 */
export function imageForRerun({ image }: RunManifest): ImageForRerun {
  try {
    return { image: resolveImage(image.manifest.digest).manifest.digest, differences: [] };
  } catch (error) {
    if (!isSameseedError(error) || error.code !== "image_missing") throw error;
  }
  const present = resolveImage(image.name);
  return { image: present.manifest.digest, differences: compareImages(image.manifest, present.manifest) };
}

/** Where a recorded run is run again, and what differs there. A backend that the caller holds has its own image. */
export async function hostForRerun(
  manifest: RunManifest,
  backend: BackendChoice,
): Promise<RolloutHost & Pick<ImageForRerun, "differences">> {
  if (typeof backend === "string") {
    const { image, differences } = imageForRerun(manifest);
    return { ...(await openHost({ image, backend, world: manifest.world })), differences };
  }
  const receipt = await backend.receipt();
  if (receipt.world.mode !== manifest.world) {
    throw new SameseedError(
      "bad_argument",
      `the run was recorded in the ${manifest.world} world, but the backend has the ${receipt.world.mode} world`,
      { hint: "create the backend with the run's world" },
    );
  }
  const image = resolveImage(receipt.image.digest);
  const isSame = image.manifest.digest === manifest.image.manifest.digest;
  const differences = isSame ? [] : compareImages(manifest.image.manifest, image.manifest);
  return { image, backend, receipt, differences };
}

/**
 * The options that run rollouts of a recorded run again.
 * @param limits those of the rollouts' receipts. @default those that the run was begun with
 */
export function optionsForRerun(
  manifest: RunManifest,
  image: string,
  backend: BackendChoice,
  limits: Limits = manifest.limits,
): ResolvedOptions {
  const { seeds, branch, ...template } = manifest.spec;
  const options = { template, image, backend, world: manifest.world, limits };
  if (branch === undefined) return options;
  return {
    ...options,
    branch: { seed: seeds[0]!, past: readPast(branch.past), reseeds: branch.reseeds },
  };
}

/** Recorded seeds (of branches, the numbers) by the limits they ran under: a run that was resumed with others has more than one group. */
export function seedsByLimits(reader: RunReader): { readonly limits: Limits; readonly seeds: number[] }[] {
  const groups = new Map<string, { readonly limits: Limits; readonly seeds: number[] }>();
  for (const row of reader.rows()) {
    const { receipt } = row;
    const seed = rowKey(row);
    const key = JSON.stringify(Object.entries(receipt.limits).sort(([a], [b]) => (a < b ? -1 : 1)));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { limits: receipt.limits, seeds: [seed] });
    else group.seeds.push(seed);
  }
  return [...groups.values()];
}

/** What feeds a recorded trajectory's actions to its environment again. */
export function replaySource({ blob }: TrajectoryChain): ReplaySource {
  const end = recordedPolicyEnd(blob);
  return {
    actions: recordedActions(blob),
    ...(end === undefined ? {} : { end }),
    manifest: blob.manifest,
  };
}

/** What a recorded trajectory says of the answers that its caller gave. */
export function recordedAnswers({ blob, first }: TrajectoryChain): RecordedAnswers {
  const end = recordedPolicyEnd(blob);
  return {
    actions: recordedActionList(blob),
    from: Math.max(0, first - 1),
    ...(end === undefined ? {} : { end }),
    manifest: blob.manifest,
  };
}

/**
 * A recorded trajectory with its chains, after checking that it is the one its row names.
 * @throws `run_damaged`, `run_missing`
 */
export function recordedChain(reader: RunReader, summary: RolloutSummary): TrajectoryChain {
  const chain = chainOf(reader.trajectory(rowKey(summary)));
  const { seed, digest } = summary;
  if (chain.digests.digest !== digest)
    throw damaged(seed, "do not match its digest", digest, chain.digests.digest);
  return chain;
}

/** Refuses a receipt that names another image than the recorded bytes, whose digest is of that name, too. @throws `run_damaged` */
export function refuseOtherImage({ seed, receipt }: RolloutSummary, { blob }: TrajectoryChain): void {
  const { image } = JSON.parse(Buffer.from(blob.manifest).toString()) as { readonly image: string };
  if (receipt.image.digest !== image)
    throw damaged(seed, "are of another image than its receipt names", receipt.image.digest, image);
}

function damaged(seed: number, how: string, expected: string, actual: string): SameseedError {
  return new SameseedError("run_damaged", `the recorded bytes of seed ${seed} ${how}`, {
    context: { seed, expected, actual },
    hint: "record that seed again in another folder",
  });
}

/** Which rollout of a run is meant. */
export interface RolloutName {
  readonly seed: number;
  /** Its number, if it is a branch. */
  readonly branch?: number;
}

/** What is said of a rollout to tell it from the others of its run. */
export function nameOf({ seed, branch }: RolloutSummary): RolloutName {
  return branch === undefined ? { seed } : { seed, branch: branch.number };
}

/** Whether two executions came to the same end by the same records: another image that gives them will do. */
export function sameEnd(expected: RolloutSummary, actual: RolloutSummary): boolean {
  return expected.outcome === actual.outcome && expected.contentDigest === actual.contentDigest;
}
