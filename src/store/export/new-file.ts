import { closeSync, openSync, rmdirSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";

import { makeFolders, missingFolders } from "../../base/make-folders.ts";
import { outputError, storeError } from "../store-error.ts";

/**
 * Makes a new file and the folders above it, and lets `fill` write it. Never over a file that is there: an export is made anew sooner
 * than what it overwrote. Where it cannot be filled, nothing is left: a part of a table looks like a table.
 * @throws `bad_argument` where it exists, `io_failed`, `disk_full`, and what `fill` throws
 */
export async function makeNewFile(path: string, fill: () => Promise<void>): Promise<void> {
  const folder = dirname(resolve(path));
  const made = missingFolders(folder);
  try {
    makeFolders(folder);
  } catch (error) {
    removeEmpty(made);
    throw storeError(error, "making", folder);
  }
  try {
    closeSync(openSync(path, "wx"));
  } catch (error) {
    removeEmpty(made);
    throw outputError(error, path);
  }
  try {
    await fill();
  } catch (error) {
    rmSync(path, { force: true });
    removeEmpty(made);
    throw outputError(error, path);
  }
}

/** Removes folders that were made for nothing, the innermost first. One that has something of others by now stays. */
export function removeEmpty(folders: readonly string[]): void {
  try {
    for (const folder of folders) rmdirSync(folder);
  } catch {
    // What failed before this is what counts.
  }
}
