import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { SameseedError } from "../base/error.ts";
import { fetchPackages, requireTool } from "./apt.ts";
import { placeFiles } from "./place-files.ts";
import { lastLines, runTool } from "./run-tool.ts";
import { loaderFolder } from "./shared-libraries.ts";
import type { SystemLock, SystemPackage } from "./system-lock.ts";
import { hashFile } from "./tree-listing.ts";

/** How packages are found. */
export interface SystemSource {
  /** Take .deb files from this folder, or the lock's, and not from the network. @default the lock's folder and the host's apt */
  readonly findLinks?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The variables of an image with system packages, unless it is given others: pictures are drawn by the processor, by one
 * thread, into memory, and nothing is kept of how shaders were compiled.
 */
export const renderingEnv: Readonly<Record<string, string>> = {
  GALLIUM_DRIVER: "llvmpipe",
  LIBGL_ALWAYS_SOFTWARE: "1",
  LP_NUM_THREADS: "0",
  MESA_SHADER_CACHE_DISABLE: "true",
  SDL_AUDIODRIVER: "dummy",
  SDL_VIDEODRIVER: "dummy",
};

/**
 * Fetches the packages of a lock, compares each with its hash, and unpacks them into an image's tree. Their programs of
 * installation do not run. Of two files at one place the packages must agree; a tool that was copied from the host gives way.
 *
 * @returns The paths of their files in the tree, each beginning with `/`.
 * @throws {SameseedError} `image_build_failed`, `tool_missing`, `aborted`.
 */
export async function unpackSystem(
  lock: SystemLock,
  root: string,
  workFolder: string,
  { findLinks, signal }: SystemSource,
): Promise<Set<string>> {
  const placed = new Set<string>();
  if (lock.packages.length === 0) return placed;
  checkArchitecture(lock);
  const debs = join(workFolder, "debs");
  mkdirSync(debs);
  const byHash = hashesOf([...debsIn(findLinks), ...debsIn(dirname(lock.path))]);
  const absent = lock.packages.filter((one) => !byHash.has(one.sha256));
  if (absent.length > 0 && findLinks === undefined) {
    for (const [hash, file] of hashesOf(await fetchPackages(absent, { workFolder: debs, signal })))
      byHash.set(hash, file);
  }
  for (const one of lock.packages) {
    const file = byHash.get(one.sha256);
    if (file === undefined) throw missing(one, lock, findLinks);
    const unpacked = join(debs, one.name);
    await unpackOne(one, resolve(file), resolve(unpacked), signal);
    placeFiles(unpacked, root, placed);
  }
  rmSync(debs, { recursive: true, force: true });
  nameLibraries(root, placed);
  return placed;
}

/**
 * Unpacks one package. Everything belongs to the user of this process, and no file is setuid: as root, `dpkg-deb --extract`
 * gives files to the users of a package's making, who may be users here and could change an image later.
 */
async function unpackOne(
  { name }: SystemPackage,
  file: string,
  into: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const archive = `${into}.tar`;
  mkdirSync(into);
  const steps = [
    // The archive goes to a file by the shell, as a pipe between the two would hide that the first failed.
    ["/bin/sh", "-c", 'exec "$0" --fsys-tarfile "$1" >"$2"', requireTool("dpkg-deb", "dpkg"), file, archive],
    [requireTool("tar", "tar"), "--extract", "--no-same-owner", "--no-same-permissions", "--file", archive],
  ] as const;
  for (const [command, ...args] of steps) {
    const run = await runTool(command, args, { cwd: into, signal, extraEnv: { TAR_OPTIONS: "" } });
    if (run.exitCode === 0) continue;
    throw new SameseedError("image_build_failed", `${name} could not be unpacked`, {
      hint: "its file is no Debian package, or the disk is full",
      context: { output: lastLines(run.stderr) },
    });
  }
  rmSync(archive);
}

/**
 * Programs that ask for a library by its bare name (`libGL.so`, or GL) look for the link that only development packages
 * have, or in the folders of the loader's settings, or run the loader's tools, which an image does not have. So each library
 * gets the link, and the settings name the folders.
 */
function nameLibraries(root: string, placed: Set<string>): void {
  const libraries = [...placed].filter(
    (path) => loaderFolder.test(dirname(path)) && /\.so\.[\d.]+$/.test(path),
  );
  // Of several versions the one with the shortest name is what others are linked to.
  for (const path of libraries.sort((a, b) => a.length - b.length || (a < b ? -1 : 1))) {
    const link = path.replace(/\.so\.[\d.]+$/, ".so");
    if (lstatSync(join(root, link), { throwIfNoEntry: false }) !== undefined) continue;
    symlinkSync(basename(path), join(root, link));
    placed.add(link);
  }
  const settings = join(root, "etc/ld.so.conf");
  const folders = [...new Set(libraries.map((path) => dirname(path)))].sort();
  mkdirSync(dirname(settings), { recursive: true });
  if (!existsSync(settings)) writeFileSync(settings, folders.map((path) => `${path}\n`).join(""));
}

function hashesOf(files: readonly string[]): Map<string, string> {
  return new Map(files.map((file) => [hashFile(file), file]));
}

function debsIn(folder: string | undefined): string[] {
  if (folder === undefined || !existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith(".deb"))
    .map((file) => join(folder, file))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}

/** Refuses packages of another architecture than this host's, which is the image's: nothing of them could be loaded. */
function checkArchitecture(lock: SystemLock): void {
  const own = process.arch === "x64" ? "amd64" : process.arch;
  const other = lock.packages.find(({ architecture }) => architecture !== "all" && architecture !== own);
  if (other === undefined) return;
  throw new SameseedError(
    "image_build_failed",
    `${lock.path} names ${other.name} for ${other.architecture}, and the image is for ${own}`,
    {
      hint: "write the lock anew on this host with `sameseed image lock --system`, or build the image on a host of that architecture",
      context: { package: other.name, architecture: other.architecture },
    },
  );
}

function missing({ name, version }: SystemPackage, lock: SystemLock, findLinks?: string): SameseedError {
  const where = findLinks === undefined ? "apt fetched" : `${findLinks} has`;
  return new SameseedError(
    "image_build_failed",
    `${where} no file of ${name}=${version} with the hash that ${lock.path} names`,
    {
      hint: "give a folder that has the .deb file (--find-links DIR), or write the lock anew with `sameseed image lock --system`",
      context: { package: name },
    },
  );
}
