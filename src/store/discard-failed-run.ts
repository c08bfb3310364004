import { SameseedError } from "../base/error.ts";
import { isComplete } from "../model/outcome.ts";
import { discardEmptyRun } from "./discard-empty-run.ts";
import { isRunFolder, runPaths } from "./run-folder.ts";
import { acquireRunLock } from "./run-lock.ts";
import { RunReader } from "./run-reader.ts";

/**
 * Takes a run away none of whose rollouts was a complete episode, so that another can be recorded in its folder. Where there
 * is no run, nothing is done.
 * @throws `run_exists` where a rollout was complete: such a run is never removed; `run_locked`, `run_damaged`, `io_failed`
 */
export async function discardFailedRun(folder: string): Promise<void> {
  if (!isRunFolder(folder)) return;
  const paths = runPaths(folder);
  const lock = acquireRunLock(paths.lock);
  let released = false;
  try {
    const complete = await countComplete(folder);
    if (complete > 0) {
      throw new SameseedError(
        "run_exists",
        `${folder} holds a run with ${complete} complete ${complete === 1 ? "rollout" : "rollouts"}; only a run without any is replaced`,
        { context: { path: folder, complete }, hint: "choose another folder, or remove this one" },
      );
    }
    released = true;
    discardEmptyRun(paths, lock, true);
  } finally {
    if (!released) lock.release();
  }
}

async function countComplete(folder: string): Promise<number> {
  using reader = await RunReader.open(folder);
  let complete = 0;
  for (const { outcome } of reader.rows()) if (isComplete(outcome)) complete++;
  return complete;
}
