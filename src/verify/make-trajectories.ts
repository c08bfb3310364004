import { availableParallelism } from "node:os";

import { SameseedError } from "../base/error.ts";
import { type NamesOf, refuseUnknownOptions } from "../base/known-options.ts";
import { rowKey } from "../model/branch.ts";
import { readSeeds } from "../model/seed.ts";
import { recordRollouts } from "../rollout/record-rollouts.ts";
import { writeMadeAgain } from "../store/made-again.ts";
import { runPaths } from "../store/run-folder.ts";
import { RunReader } from "../store/run-reader.ts";
import { hostForRerun, optionsForRerun, seedsByLimits } from "./recorded-run.ts";

/** How trajectories are made again. */
export interface MakeTrajectoriesOptions {
  /** Rollouts at the same time. @default twice the processors */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
  /** Told how many there are, before the first. */
  readonly onStart?: (rollouts: number) => void;
  /** Told of each seed that is there again. */
  readonly onRollout?: (seed: number) => void;
}

const optionNames: NamesOf<MakeTrajectoriesOptions> = {
  concurrency: true,
  signal: true,
  onStart: true,
  onRollout: true,
};

/**
 * Makes trajectories again that a run did not keep: each is run again from its seed, compared with the digest in its row, and put
 * beside the run, where everything that reads trajectories finds it. Those that are there are left as they are.
 * @param seeds those that are wanted. @default all
 * @returns how many were made
 * @throws `run_missing`, `run_damaged`, `trajectory_diverged` where one has another digest, `image_missing`, `wall_unavailable`…
 */
export async function makeTrajectories(
  dir: string,
  seeds?: readonly number[],
  options: MakeTrajectoriesOptions = {},
): Promise<number> {
  refuseUnknownOptions(options, optionNames, "makeTrajectories");
  using reader = await RunReader.open(dir);
  const wanted = seeds === undefined ? undefined : new Set(readSeeds(seeds));
  if (reader.manifest.keep === undefined) return 0;
  const groups = seedsByLimits(reader)
    .map(({ limits, seeds: own }) => ({
      limits,
      seeds: own.filter((seed) => wanted?.has(seed) !== false && !reader.hasTrajectory(seed)),
    }))
    .filter((group) => group.seeds.length > 0);
  if (groups.length === 0) return 0;
  options.onStart?.(groups.reduce((sum, group) => sum + group.seeds.length, 0));
  const host = await hostForRerun(reader.manifest, reader.manifest.backend);
  let made = 0;
  for (const { limits, seeds: own } of groups) {
    const rerun = optionsForRerun(reader.manifest, host.image.manifest.digest, host.backend, limits);
    const rollouts = recordRollouts(rerun, own, {
      host,
      concurrency: options.concurrency ?? 2 * availableParallelism(),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    for await (const { summary, trajectory } of rollouts) {
      const key = rowKey(summary);
      const { digest } = reader.row(key);
      if (summary.digest !== digest)
        throw new SameseedError(
          "trajectory_diverged",
          `the trajectory of seed ${key} was not kept, and came out with another digest when it was made again`,
          {
            context: { seed: key, expected: digest, actual: summary.digest },
            hint:
              host.differences.length > 0
                ? "the image is not the one of the recording: pull that one by its digest"
                : `\`sameseed verify ${dir}\` says how many differ, \`sameseed audit\` why`,
          },
        );
      writeMadeAgain(runPaths(dir), key, trajectory);
      made++;
      options.onRollout?.(key);
    }
  }
  return made;
}
