import { isDeepStrictEqual } from "node:util";
import { SameseedError } from "../base/error.ts";
import type { Keep } from "../model/keep.ts";
import type { WorldMode } from "../model/receipt.ts";
import type { RunSpec, SpecFile } from "../model/rollout.ts";
import type { RunManifest } from "../model/run-manifest.ts";
import type { RunPaths } from "./run-folder.ts";

/** What a caller expects an existing run to be when it goes on with it. */
export interface ExpectedRun {
  readonly spec: RunSpec;
  /** The digest of the image that would be used now: 64 hex digits. */
  readonly imageDigest: string;
  /** The world the rollouts would see. */
  readonly world: WorldMode;
  /** Whether the run takes on the seeds it does not have; then its seeds may differ. */
  readonly extend?: boolean;
  /** Which trajectories it must keep, where that is said. */
  readonly keep?: Keep;
}

/**
 * Whether an existing run is the one expected: the same spec, seeds, image and world. Limits and backend may differ.
 * @throws SameseedError `run_differs` naming every part that differs.
 */
export function checkSameRun(paths: RunPaths, recorded: RunManifest, expected: ExpectedRun): void {
  const parts = [
    "environment",
    "files",
    "envArgs",
    "seats",
    "mode",
    "clocks",
    "maxSteps",
    "volatileInfo",
    "seeds",
    "branch",
  ] as const;
  const differences: string[] = parts.filter(
    (part) =>
      !(part === "seeds" && expected.extend === true) &&
      !isDeepStrictEqual(recorded.spec[part], expected.spec[part]),
  );
  if (recorded.image.manifest.digest !== expected.imageDigest) differences.push("image");
  if (recorded.world !== expected.world) differences.push("world");
  if (differences.length === 0) return;
  const files = differentFiles(recorded.spec.files ?? [], expected.spec.files ?? []);
  const named = files.length === 0 ? "" : ` (${someOf(files)})`;
  throw new SameseedError(
    "run_differs",
    `${paths.folder} holds another run: ${differences.join(", ")} differ${named}`,
    {
      context: { path: paths.folder, differences, ...(files.length === 0 ? {} : { files }) },
      hint: recorded.spec.seats.some(({ policy }) => policy.kind === "caller")
        ? "the policy of the run is a function: resume it with `recordRun` and that function, or choose another folder"
        : differences.every((part) => part === "seeds")
          ? "add seeds to the run with --extend, or choose another folder"
          : "resume with the same arguments, image and world as the first time, or choose another folder",
    },
  );
}

/** The paths whose content one of the two does not have, in the order of their names. */
function differentFiles(recorded: readonly SpecFile[], expected: readonly SpecFile[]): string[] {
  const before = new Map(recorded.map(({ path, data }) => [path, data]));
  const now = new Map(expected.map(({ path, data }) => [path, data]));
  return [...new Set([...before.keys(), ...now.keys()])]
    .filter((path) => before.get(path) !== now.get(path))
    .sort((a, b) => (a < b ? -1 : 1));
}

function someOf(paths: readonly string[]): string {
  const more = paths.length - 3;
  return [...paths.slice(0, 3), ...(more > 0 ? [`${more} more`] : [])].join(", ");
}
