import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join, posix } from "node:path";
import { SameseedError } from "../base/error.ts";
import { mergedPath } from "./shared-libraries.ts";
import { hashFile } from "./tree-listing.ts";

/** What nobody runs: manuals, and what only a package manager reads. */
const leftOut = /^\/usr\/share\/(doc|man|info|lintian|bug|doc-base)(\/|$)/;

/** Places that a sandbox has for itself, or that belong to the interpreter and to Sameseed, and the folder above those. */
const reserved = /^\/(opt$|(tmp|dev|proc|mnt|sys|root|run|opt\/sameseed|opt\/python)(\/|$))/;

/**
 * Moves what was unpacked of a package to its place.
 *
 * A file goes only into folders of the tree itself: nothing is placed through a link that a package brought, as several
 * links, each of which stays in the tree when it is read alone, lead out of it together.
 *
 * @param placed - The paths that packages have in the tree already; it gets this one's.
 * @throws {SameseedError} `image_build_failed` for a file that has no place in an image.
 */
export function placeFiles(unpacked: string, root: string, placed: Set<string>): void {
  const visit = (folder: string): void => {
    for (const name of readdirSync(join(unpacked, folder)).sort()) {
      const from = posix.join(folder, name);
      const source = join(unpacked, from);
      const place = mergedPath(from);
      if (leftOut.test(place)) continue;
      if (lstatSync(source).isDirectory()) visit(from);
      else placeFile(source, place, root, placed);
    }
  };
  visit("/");
}

function placeFile(source: string, place: string, root: string, placed: Set<string>): void {
  if (reserved.test(place))
    throw refused(place, "which is a place of the sandbox, the interpreter or Sameseed");
  const kind = lstatSync(source);
  if (!kind.isFile() && !kind.isSymbolicLink())
    throw refused(place, "which is neither a regular file nor a link");
  checkFolders(place, root);
  const target = join(root, place);
  const present = lstatSync(target, { throwIfNoEntry: false });
  if (present !== undefined) {
    if (placed.has(place)) {
      if (sameContent(source, target, place)) return;
      throw refused(place, "as another package has it, with other contents");
    }
    if (!place.startsWith("/usr/bin/") || present.isDirectory())
      throw refused(place, "where the image has one of its own");
    rmSync(target);
  }
  mkdirSync(dirname(target), { recursive: true });
  if (realpathSync(dirname(target)) !== join(realpathSync(root), dirname(place)))
    throw refused(place, "which is reached through a link");
  if (kind.isSymbolicLink()) symlinkSync(withinTree(readlinkSync(source), place), target);
  else renameSync(source, target);
  placed.add(place);
}

/** Looks at every folder above a place before anything is made: where it is there, it is a folder and no link to one. */
function checkFolders(place: string, root: string): void {
  let folder = "";
  for (const name of dirname(place).split("/").filter(Boolean)) {
    folder += `/${name}`;
    const found = lstatSync(join(root, folder), { throwIfNoEntry: false });
    if (found === undefined) return;
    if (!found.isDirectory()) throw refused(place, `and ${folder} is no folder of the image`);
  }
}

/** A link's target, relative to where it lies: an absolute one would lead out of the tree. */
function withinTree(to: string, place: string): string {
  const absolute = mergedPath(posix.resolve(posix.dirname(place), to));
  return posix.relative(posix.dirname(place), absolute) || ".";
}

/** Whether two packages mean the same by a place. Of links that is where they lead, whether or not that is there. */
function sameContent(source: string, target: string, place: string): boolean {
  const [first, second] = [lstatSync(source), lstatSync(target)];
  if (first.isSymbolicLink() !== second.isSymbolicLink()) return false;
  if (first.isSymbolicLink()) return withinTree(readlinkSync(source), place) === readlinkSync(target);
  return first.size === second.size && hashFile(source) === hashFile(target);
}

function refused(place: string, why: string): SameseedError {
  return new SameseedError("image_build_failed", `a system package has a file at ${place}, ${why}`, {
    hint: "leave that package out of the lock",
    context: { path: place },
  });
}
