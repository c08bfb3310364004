import { isRunFolder, runPaths } from "../store/run-folder.ts";
import { readRunManifest } from "../store/run-manifest-file.ts";
import { makeTrajectories } from "../verify/make-trajectories.ts";
import type { Cli } from "./cli.ts";
import { prepareHost } from "./prepare-host.ts";
import { Progress } from "./render/progress.ts";

/**
 * Makes trajectories again that are about to be read, where the run did not keep them.
 * @param keys seeds; all of the run where there are none
 * @throws as `makeTrajectories`
 */
export async function makeForReading(cli: Cli, dir: string, keys?: readonly number[]): Promise<void> {
  if (!isRunFolder(dir)) return;
  const { keep, image } = readRunManifest(runPaths(dir));
  if (keep === undefined) return;
  await prepareHost(cli, image.name);
  let progress: Progress | undefined;
  await makeTrajectories(dir, keys, {
    signal: cli.signal,
    onStart: (total) => {
      progress = new Progress(cli.status, {
        verb: "making again what was not kept",
        total,
        details: () => [],
      });
    },
    onRollout: () => progress?.advance(),
  }).finally(() => progress?.stop());
}
