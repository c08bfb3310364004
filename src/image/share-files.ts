// Theory of operation. Images of one store have most of their files in common: the interpreter, the C library, numpy. A file that is
// the same at the same path of another image is a hard link to that one. Trees are read-only to sandboxes, and builds replace files
// rather than write into them. Only the same path is shared, and each file of another image once, so no two paths of one tree become
// one file.
//
// A link changes the time of the last change of the file itself (ctime), which the seals of all images that have it remember.
// They are brought up to date here. Where another process seals at the same moment and one of the two is lost, the seal
// does not fit: then the next use reads that image once and seals it anew.

import {
  closeSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { systemErrorCode } from "../base/error.ts";
import { fixedTime } from "./finish-tree.ts";
import { parseSeal, sealPath, writeSeal, type Seal } from "./seal.ts";
import { stampOf, type TreeEntry } from "./tree-listing.ts";

/** An image of the store, as far as sharing needs it. */
interface Neighbour {
  readonly root: string;
  readonly seal: Seal;
}

/**
 * Makes files of a new tree links to the same files of the store's images.
 *
 * @param root - The new tree, not yet in the store.
 * @returns The paths of the new tree whose stamps are others now: its files that became links, and the folders they lie in.
 */
export function shareFiles(root: string, entries: readonly TreeEntry[], images: string): ReadonlySet<string> {
  const neighbours = readNeighbours(images);
  const places = new Map<string, string[]>();
  for (const { root: other, seal } of neighbours) {
    for (const { path, type, mode, content } of seal.entries) {
      if (type !== "file") continue;
      const key = `${content} ${mode} ${path}`;
      places.set(key, [...(places.get(key) ?? []), join(other, path)]);
    }
  }
  const touched = new Set<string>();
  const taken = new Set<bigint>();
  const changed = new Set<string>();
  const folders = new Set<string>();
  for (const { path, type, mode, content } of entries) {
    if (type !== "file") continue;
    const file = join(root, path);
    const stamp = replaceByLink(file, places.get(`${content} ${mode} ${path}`) ?? [], taken);
    if (stamp === undefined) continue;
    touched.add(stamp);
    changed.add(path);
    folders.add(dirname(path));
  }
  for (const folder of folders) {
    utimesSync(join(root, folder), fixedTime, fixedTime);
    changed.add(folder);
  }
  renewSeals(neighbours, touched);
  return changed;
}

/** What the file system says of an image's files that others have too, to be handed to {@link afterRemoval}. */
export function sharedStamps(root: string): ReadonlySet<string> {
  const seal = readSealAt(root);
  return new Set(seal?.entries.filter(({ type }) => type === "file").map(({ stamp }) => stamp));
}

/** Brings the seals of the images that stay up to date after one was removed that shared files with them. */
export function afterRemoval(images: string, stamps: ReadonlySet<string>): void {
  renewSeals(readNeighbours(images), stamps);
}

/**
 * @param taken - The inodes that the tree has files of other images by; it gets this one's.
 * @returns the stamp that the first other file with the same content had, where it is now this one too
 */
function replaceByLink(file: string, others: readonly string[], taken: Set<bigint>): string | undefined {
  const temporary = `${file}.link`;
  for (const other of others) {
    try {
      const before = stampOf(other);
      const { ino } = lstatSync(other, { bigint: true });
      if (taken.has(ino) || !haveSameContent(file, other)) continue;
      linkSync(other, temporary);
      renameSync(temporary, file);
      taken.add(ino);
      return before;
    } catch (error) {
      // Gone meanwhile, on another file system, or linked as often as can be: then the file keeps its own copy.
      if (systemErrorCode(error) === undefined) throw error;
      rmSync(temporary, { force: true });
    }
  }
  return undefined;
}

const size = 1 << 20;
const [left, right] = [Buffer.allocUnsafe(size), Buffer.allocUnsafe(size)];

/** Read, not taken from seals: what somebody changed in one image must not get into another. */
function haveSameContent(a: string, b: string): boolean {
  const [first, second] = [openSync(a, "r"), openSync(b, "r")];
  try {
    for (;;) {
      const count = readSync(first, left, 0, size, null);
      if (readSync(second, right, 0, size, null) !== count) return false;
      if (count === 0) return true;
      if (!left.subarray(0, count).equals(right.subarray(0, count))) return false;
    }
  } finally {
    closeSync(first);
    closeSync(second);
  }
}

function renewSeals(neighbours: readonly Neighbour[], stamps: ReadonlySet<string>): void {
  if (stamps.size === 0) return;
  for (const { root, seal } of neighbours) {
    let renewed = 0;
    const entries = seal.entries.map((entry) => {
      if (entry.type !== "file" || !stamps.has(entry.stamp)) return entry;
      const stamp = stampNow(join(root, entry.path));
      if (stamp === undefined || withoutCtime(stamp) !== withoutCtime(entry.stamp)) return entry;
      renewed += 1;
      return { ...entry, stamp };
    });
    if (renewed > 0) writeSeal(sealPath(root), { root: seal.root, entries });
  }
}

function stampNow(path: string): string | undefined {
  try {
    return stampOf(path);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}

/** A stamp's mode, size, time of the last change of content, and inode. */
function withoutCtime(stamp: string): string {
  const [mode, bytes, mtime, , inode] = stamp.split(" ");
  return `${mode} ${bytes} ${mtime} ${inode}`;
}

function readNeighbours(images: string): Neighbour[] {
  return readdirSync(images)
    .filter((name) => /^[0-9a-f]{64}$/.test(name))
    .flatMap((name) => {
      const root = join(images, name, "rootfs");
      const seal = readSealAt(root);
      return seal === undefined ? [] : [{ root, seal }];
    });
}

function readSealAt(root: string): Seal | undefined {
  try {
    return parseSeal(readFileSync(sealPath(root), "utf8"));
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}
