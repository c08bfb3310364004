import { randomBytes } from "node:crypto";
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { systemErrorCode } from "../base/error.ts";
import { makeOpenFolders } from "../base/make-folders.ts";
import { pidNamespace, startTimeOf } from "../base/process-identity.ts";

/*
 * A build works in a folder of its own beside the finished images, so that the last step is one rename.
 * The folder's name tells who owns it: process id, start time and pid namespace. Whatever a killed build
 * left is deleted by the next one, which can tell that its owner is gone.
 */

const pattern = /^\.build-(\d+)-(\d+)-(\d+)-[0-9a-f]{8}/;

/** A folder in a process namespace that this one cannot look into is taken for abandoned after this long. */
const foreignAgeMs = 24 * 3_600_000;

/** A new name for a build folder of this process. */
export function buildFolderName(): string {
  const start = startTimeOf(process.pid) ?? "0";
  return `.build-${process.pid}-${start}-${namespaceNumber()}-${randomBytes(4).toString("hex")}`;
}

/** Makes a build folder of this process beside the finished images. */
export function makeBuildFolder(images: string): string {
  const folder = join(images, buildFolderName());
  makeOpenFolders(folder);
  return folder;
}

/** Deletes what builds that are no longer running left behind; `fresh` is a folder made just now. */
export function sweepBuildFolders(images: string, fresh: string): void {
  const nowMs = statSync(fresh).mtimeMs;
  for (const entry of readdirSync(images)) {
    const match = pattern.exec(entry);
    if (match === null || isOwned(join(images, entry), match, nowMs)) continue;
    rmSync(join(images, entry), { recursive: true, force: true });
  }
}

function isOwned(folder: string, match: RegExpExecArray, nowMs: number): boolean {
  const [, pid, start, namespace] = match;
  if (namespace === namespaceNumber()) return startTimeOf(Number(pid)) === start;
  try {
    return nowMs - statSync(folder).mtimeMs < foreignAgeMs;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return true;
    throw error;
  }
}

function namespaceNumber(): string {
  return /\d+/.exec(pidNamespace() ?? "")?.[0] ?? "0";
}
