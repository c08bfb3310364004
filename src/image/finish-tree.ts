import {
  chmodSync,
  copyFileSync,
  lstatSync,
  lutimesSync,
  readdirSync,
  readlinkSync,
  renameSync,
  utimesSync,
} from "node:fs";
import { join, posix } from "node:path";
import { SameseedError } from "../base/error.ts";

/** Every entry of an image says it was changed at this time: 2020-01-01, in seconds. */
export const fixedTime = 1_577_836_800;

/**
 * Makes a tree what its listing says and nothing more: folders 755, files 644 or 755 (so no setuid, and
 * readable for every id), one time for all, no link that leads out of it, and no file under two names: an archive does not carry
 * those, and what a program sees of a file's number is not to hang on how its image came to the host.
 *
 * @throws {SameseedError} `image_build_failed` for a link that leads out, and for a device, socket or pipe.
 */
export function finishTree(root: string): void {
  const files = new Set<bigint>();
  const visit = (folder: string): void => {
    for (const name of readdirSync(join(root, folder))) {
      const path = posix.join(folder, name);
      const full = join(root, path);
      const stat = lstatSync(full);
      if (stat.isSymbolicLink()) {
        checkLink(path, readlinkSync(full));
        lutimesSync(full, fixedTime, fixedTime);
        continue;
      }
      if (stat.isDirectory()) visit(path);
      else if (!stat.isFile())
        throw new SameseedError("image_build_failed", `/${path} is not a file, folder or link`);
      if (stat.isFile() && stat.nlink > 1) copyIfMet(full, files);
      chmodSync(full, stat.isDirectory() || (stat.mode & 0o111) !== 0 ? 0o755 : 0o644);
      utimesSync(full, fixedTime, fixedTime);
    }
  };
  visit(".");
  chmodSync(root, 0o755);
  utimesSync(root, fixedTime, fixedTime);
}

/** Makes a file one of its own where it has another name in the tree already. */
function copyIfMet(file: string, met: Set<bigint>): void {
  const { ino } = lstatSync(file, { bigint: true });
  if (met.has(ino)) {
    copyFileSync(file, `${file}.copy`);
    renameSync(`${file}.copy`, file);
  }
  met.add(ino);
}

/**
 * Refuses a link that leads out of its tree.
 *
 * @throws {SameseedError} `image_build_failed`.
 */
export function checkLink(path: string, target: string): void {
  const lands = posix.join(posix.dirname(path), target);
  if (!posix.isAbsolute(target) && lands !== ".." && !lands.startsWith("../")) return;
  throw new SameseedError("image_build_failed", `/${path} links to ${target}, outside the image`, {
    hint: "remove the package that contains this link from the lock",
  });
}
