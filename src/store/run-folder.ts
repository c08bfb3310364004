import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  opendirSync,
  readSync,
} from "node:fs";
import { join } from "node:path";
import { SameseedError, systemErrorCode } from "../base/error.ts";
import { kindOf } from "../base/known-options.ts";
import { runDamaged, storeError } from "./store-error.ts";

/** Where the parts of a run folder are. */
export interface RunPaths {
  readonly folder: string;
  readonly manifest: string;
  readonly inputs: string;
  readonly segments: string;
  readonly catalogue: string;
  readonly lock: string;
}

/** Refuses what is no path at all. @throws `bad_argument` */
export function checkFolder(folder: unknown): asserts folder is string {
  if (typeof folder === "string") return;
  throw new SameseedError("bad_argument", `a run's folder is a path, not ${kindOf(folder)}`);
}

/** The parts of the run folder at `folder`. @throws `bad_argument` where that is no path */
export function runPaths(folder: string): RunPaths {
  checkFolder(folder);
  return {
    folder,
    manifest: join(folder, "run.json"),
    inputs: join(folder, "inputs"),
    segments: join(folder, "segments"),
    catalogue: join(folder, "catalogue.sqlite"),
    lock: join(folder, "lock"),
  };
}

/**
 * The mode of a new folder that holds recordings: its owner's alone, whatever the umask says. One `chmod` shares it, since what
 * is in it has the umask's modes; a folder that was made before keeps the mode its maker gave it.
 */
export const privateMode = 0o700;

/** Whether a folder holds a run, as far as its name for it says. */
export function isRunFolder(folder: string): boolean {
  return existsSync(runPaths(folder).manifest);
}

/** The file of segment `number`, 1 to 999,999. */
export function segmentPath(paths: RunPaths, number: number): string {
  return join(paths.segments, `${String(number).padStart(6, "0")}.seg`);
}

/**
 * How many segments a run has. They are numbered from 1 without a gap.
 * @throws SameseedError `run_damaged` where one is missing in between.
 */
export function countSegments(paths: RunPaths): number {
  let found = 0;
  let last = 0;
  for (const name of namesIn(paths.segments)) {
    const number = Number(/^(\d{6})\.seg$/.exec(name)?.[1] ?? 0);
    if (number === 0) continue;
    found++;
    last = Math.max(last, number);
  }
  if (found !== last) {
    throw runDamaged(paths.segments, `${last - found} of the segments before ${last} are missing`, {
      last,
      found,
    });
  }
  return last;
}

/** The names in a folder one by one, none where it does not exist. */
export function* namesIn(path: string): Generator<string> {
  let folder;
  try {
    folder = opendirSync(path);
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return;
    throw storeError(error, "listing", path);
  }
  try {
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) yield entry.name;
  } finally {
    folder.closeSync();
  }
}

/**
 * Opens a regular file for reading. A folder from elsewhere may hold a pipe or a link in its place:
 * the one would wait forever, the other lead out of the folder.
 * @throws SameseedError `run_damaged` where it is not a regular file, `io_failed` where it cannot be opened.
 */
export function openRegular(path: string): { readonly file: number; readonly bytes: number } {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (systemErrorCode(error) === "ELOOP") throw runDamaged(path, "it is a symbolic link");
    throw storeError(error, "opening", path);
  }
  const status = fstatSync(file);
  if (status.isFile()) return { file, bytes: status.size };
  closeSync(file);
  throw runDamaged(path, "it is not a regular file");
}

/**
 * Makes a folder of a run folder where it is missing. In a run folder from elsewhere a link may be in its place, and what is
 * written would lie wherever that leads.
 * @throws `run_damaged` where it is not a folder; what the system says where it cannot be made
 */
export function makeOwnFolder(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) mkdirSync(path, { recursive: true });
  else if (found.isSymbolicLink()) throw runDamaged(path, "it is a symbolic link");
  else if (!found.isDirectory()) throw runDamaged(path, "it is not a folder");
}

/** Whether {@link openRegular} opens it. */
export function isRegularFile(path: string): boolean {
  try {
    closeSync(openRegular(path).file);
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads a small regular file whole.
 * @throws SameseedError `run_damaged` where it is larger than `maxBytes`.
 */
export function readRegular(path: string, maxBytes: number): Buffer {
  const { file, bytes } = openRegular(path);
  try {
    if (bytes > maxBytes)
      throw runDamaged(path, `it has ${bytes} bytes, more than the ${maxBytes} it may have`);
    const content = Buffer.alloc(bytes);
    return content.subarray(0, readAt(file, content, 0));
  } catch (error) {
    throw storeError(error, "reading", path);
  } finally {
    closeSync(file);
  }
}

/** Fills `target` from `position` on; fewer bytes only at the end of the file. */
export function readAt(file: number, target: Uint8Array, position: number): number {
  let done = 0;
  while (done < target.length) {
    const got = readSync(file, target, done, target.length - done, position + done);
    if (got === 0) break;
    done += got;
  }
  return done;
}
