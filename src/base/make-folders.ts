import { chmodSync, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

import { systemErrorCode } from "./error.ts";

/**
 * Makes a folder and those above it. Not `mkdirSync` with `recursive`, which never returns where the system refuses a
 * folder with ENOENT, as below `/proc`.
 * @param mode the mode of the folder itself, less the umask; a folder that is there keeps its own
 * @throws the system's error
 */
export function makeFolders(path: string, mode = 0o777): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "EEXIST" && statSync(path).isDirectory()) return;
    const parent = dirname(path);
    if (code !== "ENOENT" || parent === path) throw error;
    makeFolders(parent);
    makeOne(path, mode);
  }
}

/** Which of a folder and those above it {@link makeFolders} would make: the innermost first. */
export function missingFolders(path: string): string[] {
  const missing: string[] = [];
  for (let at = path; !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.push(at);
  return missing;
}

function makeOne(path: string, mode: number): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    // Another process may have made it in between.
    if (systemErrorCode(error) !== "EEXIST" || !statSync(path).isDirectory()) throw error;
  }
}

/**
 * Makes a folder and those above it that nobody else can write to. As root everybody can enter them, whatever the umask
 * says, because root's sandboxes run as another user. Folders that are there keep their modes.
 * @throws the system's error
 */
export function makeOpenFolders(path: string): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeOpenFolders(parent);
  makeFolders(path, 0o755);
  if (process.getuid?.() === 0) chmodSync(path, 0o755);
}
