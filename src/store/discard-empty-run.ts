import { rmdirSync, rmSync } from "node:fs";

import { systemErrorCode } from "../base/error.ts";
import { madeAgainFolder } from "./made-again.ts";
import type { RunPaths } from "./run-folder.ts";
import type { RunLock } from "./run-lock.ts";

/**
 * Takes a run away that was begun and holds no rollout, and gives its lock back, so that the same command with its mistake
 * put right finds the folder free. It is gone before the lock is: whoever holds the lock next begins a run of their own,
 * of which nothing is removed. Only what a run consists of is removed, and the folder itself where nothing else lies in it.
 * @param keepFolder leave the emptied folder: it was there before
 */
export function discardEmptyRun(paths: RunPaths, lock: RunLock, keepFolder: boolean): void {
  const { folder, manifest, inputs, segments, catalogue } = paths;
  try {
    // Without `run.json` it is no run any more, whatever else is left.
    const index = [catalogue, `${catalogue}-wal`, `${catalogue}-shm`];
    for (const path of [manifest, inputs, segments, ...index, madeAgainFolder(paths)])
      rmSync(path, { recursive: true, force: true });
  } finally {
    lock.release();
  }
  if (!keepFolder) removeIfEmpty(folder);
}

/** Removes a folder where nothing lies in it. */
export function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (systemErrorCode(error) !== "ENOTEMPTY" && systemErrorCode(error) !== "ENOENT") throw error;
  }
}
