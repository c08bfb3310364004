import { cpSync, existsSync, lstatSync, mkdirSync } from "node:fs";
import { basename, dirname, join, posix, resolve } from "node:path";
import { sha256Of } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";
import { isImageEnvName } from "../model/image-manifest.ts";
import type { SystemLock } from "./system-lock.ts";
import { renderingEnv } from "./system-packages.ts";
import { listTree, type TreeEntry } from "./tree-listing.ts";

/** A folder or file of the host that an image gets. */
export interface AddedFiles {
  readonly from: string;
  /** Where it lies in the image, such as `/data/maps`. */
  readonly to: string;
}

/** What an image has besides packages. */
export interface ImageExtras {
  readonly add: readonly AddedFiles[];
  readonly env: Readonly<Record<string, string>>;
  /** Debian packages; undefined where it has none. */
  readonly system: SystemLock | undefined;
  /** SHA-256 over all of it, contents too; 64 hex digits. */
  readonly digest: string;
}

/** Places that a sandbox has for itself, or that belong to the interpreter and to Sameseed. */
const reserved = /^\/(tmp|dev|proc|mnt|sys|root|bin|lib|lib64|opt\/sameseed|opt\/python)(\/|$)/;

/**
 * Checks what an image is to have besides packages, and reads it.
 *
 * @throws {SameseedError} `bad_argument` for a place or name that cannot be had, `io_failed` for files that are not there.
 */
export function readExtras(
  add: readonly AddedFiles[] = [],
  given: Readonly<Record<string, string>> = {},
  system?: SystemLock,
): ImageExtras {
  const env = system === undefined ? given : { ...renderingEnv, ...given };
  const parts: string[] = [];
  for (const { from, to } of add) {
    checkPlace(from, to);
    for (const { path, type, mode, content } of contentOf(from))
      parts.push(JSON.stringify([to, path, type, mode & 0o111 ? 0o755 : 0o644, content]));
  }
  for (const [name, value] of Object.entries(env)) {
    if (isImageEnvName(name) && !value.includes("\0")) continue;
    throw new SameseedError("bad_argument", `the variable ${JSON.stringify(name)} cannot be an image's`, {
      hint: "it is not a valid name, or what it decides (the loader, Python, threads, the numeric class, the place and language) is pinned in every sandbox",
      context: { name },
    });
  }
  const sorted = Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1));
  const locked = system === undefined ? [] : [`\nsystem ${system.digest}`];
  const digest = sha256Of([
    `sameseed/image-extras/1\n`,
    JSON.stringify(sorted),
    "\n",
    parts.join("\n"),
    ...locked,
  ]);
  return { add, env: Object.fromEntries(sorted), system, digest: digest.toString("hex") };
}

/**
 * Copies the files into an image's tree.
 *
 * @throws {SameseedError} `bad_argument` where something of the image is there already.
 */
export function copyExtras({ add }: ImageExtras, root: string): void {
  for (const { from, to } of add) {
    const target = join(root, to);
    const isFolder = lstatSync(from).isDirectory();
    if (existsSync(target) && !(isFolder && lstatSync(target).isDirectory())) throw taken(to);
    mkdirSync(dirname(target), { recursive: true });
    try {
      cpSync(resolve(from), target, {
        recursive: true,
        verbatimSymlinks: true,
        errorOnExist: true,
        force: false,
      });
    } catch (error) {
      if ((error as { code?: unknown }).code === "ERR_FS_CP_EEXIST") throw taken(to);
      throw error;
    }
  }
}

function contentOf(from: string): Pick<TreeEntry, "path" | "type" | "mode" | "content">[] {
  const stat = lstatSync(from, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new SameseedError("io_failed", `there is nothing at ${from}`, {
      hint: "give a folder or file that is there: --add DIR:/path",
    });
  }
  if (stat.isDirectory()) return listTree(from);
  return listTree(dirname(resolve(from)), basename(from)).map((entry) => ({ ...entry, path: "" }));
}

function checkPlace(from: string, to: string): void {
  const isPlain =
    to.startsWith("/") && posix.normalize(to) === to && to !== "/" && !to.endsWith("/") && !to.includes("\0");
  if (isPlain && !reserved.test(to)) return;
  throw new SameseedError("bad_argument", `${from} cannot lie at ${JSON.stringify(to)} in an image`, {
    hint: "name an absolute path that is none of a sandbox's own or the interpreter's, such as /data/maps",
    context: { from, to },
  });
}

function taken(to: string): SameseedError {
  return new SameseedError("bad_argument", `the image already has something at ${to}`, {
    hint: "choose another path: what is added replaces nothing",
    context: { to },
  });
}
