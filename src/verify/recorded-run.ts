import { isSameseedError, SameseedError } from "../base/error.ts";
import { chainOf, type TrajectoryChain } from "../trajectory/trajectory-chain.ts";
import { compareImages } from "../image/compare-images.ts";
import { resolveImage } from "../image/image-store.ts";
import type { ImageDifference } from "../model/image-manifest.ts";
import type { RolloutSummary } from "../model/rollout.ts";
import type { RunManifest } from "../model/run-manifest.ts";
import type { RunReader } from "../store/run-reader.ts";
import type { ResolvedOptions } from "../rollout/rollout-config.ts";

/** The image a recorded run is run with again, and what differs from the one it was recorded with. */
export interface ImageForRerun {
  /** Name or digest. */
  readonly image: string;
  /** Empty where it is the very same. */
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

/** The options that run a recorded run again. */
export function optionsForRerun(
  manifest: RunManifest,
  image: string,
  backend: "zygote" | "cold",
): ResolvedOptions {
  const { seeds: _, ...template } = manifest.spec;
  return { template, image, backend, world: manifest.world, limits: manifest.limits };
}

/**
 * A recorded trajectory with its chains, after checking that it is the one its row names.
 * @throws `run_damaged`, `run_missing`
 */
export function recordedChain(reader: RunReader, summary: RolloutSummary): TrajectoryChain {
  const chain = chainOf(reader.trajectory(summary.seed));
  if (chain.digests.digest !== summary.digest) {
    throw new SameseedError(
      "run_damaged",
      `the recorded bytes of seed ${summary.seed} are not those of its digest`,
      {
        context: { seed: summary.seed, expected: summary.digest, actual: chain.digests.digest },
        hint: "run that seed again into another folder",
      },
    );
  }
  return chain;
}
