import { rmdirSync, rmSync } from "node:fs";

import { systemErrorCode } from "../base/error.ts";
import { runPaths } from "./run-folder.ts";

/**
 * Takes a run away that was begun and holds no rollout, so that the same command with its mistake put right finds the
 * folder free. Only what a run consists of is removed, and the folder itself where nothing else lies in it.
 * @param keepFolder leave the emptied folder: it was there before
 */
export function discardEmptyRun(folder: string, keepFolder: boolean): void {
  const { manifest, inputs, segments, catalogue, lock } = runPaths(folder);
  // Without `run.json` it is no run any more, whatever else is left.
  for (const path of [manifest, inputs, segments, catalogue, `${catalogue}-wal`, `${catalogue}-shm`, lock])
    rmSync(path, { recursive: true, force: true });
  if (keepFolder) return;
  try {
    rmdirSync(folder);
  } catch (error) {
    if (systemErrorCode(error) !== "ENOTEMPTY") throw error;
  }
}
