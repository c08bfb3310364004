import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { systemErrorCode } from "../base/error.ts";

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
  const start = processStart(process.pid) ?? "0";
  return `.build-${process.pid}-${start}-${pidNamespace()}-${randomBytes(4).toString("hex")}`;
}

/** Makes a build folder of this process beside the finished images. */
export function makeBuildFolder(images: string): string {
  const folder = join(images, buildFolderName());
  mkdirSync(folder, { mode: 0o755 });
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
  if (namespace === pidNamespace()) return processStart(Number(pid)) === start;
  try {
    return nowMs - statSync(folder).mtimeMs < foreignAgeMs;
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return true;
    throw error;
  }
}

/** When a process started, in clock ticks after boot; undefined when there is none. */
function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the command in parentheses, which may hold anything; the start time is the 22nd.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    return "0";
  }
}
