import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { sha256Of } from "../base/digest.ts";

/** The root of this package: in a checkout and when installed, two folders above this file. */
const packageRoot: string = resolve(import.meta.dirname, "..", "..");

/** A file of ours that decides what an image does. */
export interface RuntimeFile {
  /** Its path below `python/` or `native/`, with `/`. */
  readonly name: string;
  readonly content: Buffer;
}

/** What this package puts into every image, read once, so that a build is of one state of the files. */
export interface RuntimeFiles {
  /** Python files of the package, sorted: `sameseed/…`. */
  readonly python: readonly RuntimeFile[];
  /** C files and headers of the native extension, sorted. */
  readonly native: readonly RuntimeFile[];
  /** SHA-256 over names and contents of all of them, 64 hex digits. */
  readonly digest: string;
}

/** The folder of the environments that come with Sameseed, one file each. */
export function environmentsFolder(): string {
  return join(packageRoot, "python", "envs");
}

/** What an image gets of `python/`: the host in the sandbox, and the environments that come with it. */
const pythonFolders: readonly string[] = ["envs", "sameseed"];

/**
 * Reads this package's own Python and C files.
 *
 * @param root - The folder that holds `python/` and `native/`. @default this package's
 */
export function readRuntimeFiles(root: string = packageRoot): RuntimeFiles {
  const python = pythonFolders.flatMap((folder) => filesBelow(join(root, "python"), folder, /\.py$/));
  const native = filesBelow(join(root, "native"), ".", /\.[ch]$/);
  const parts = (kind: string, files: readonly RuntimeFile[]): (string | Uint8Array)[] =>
    files.flatMap(({ name, content }) => [`${kind}/${name}\0${content.length}\0`, content]);
  const digest = sha256Of([...parts("python", python), ...parts("native", native)]).toString("hex");
  return { python, native, digest };
}

/** All of them with their paths in this package: `python/…` and `native/…`. */
export function runtimeFileNames({ python, native }: RuntimeFiles): RuntimeFile[] {
  const below = (folder: string, files: readonly RuntimeFile[]): RuntimeFile[] =>
    files.map(({ name, content }) => ({ name: `${folder}/${name}`, content }));
  return [...below("python", python), ...below("native", native)];
}

/** Writes such files below a folder. */
export function writeRuntimeFiles(files: readonly RuntimeFile[], folder: string): void {
  for (const { name, content } of files) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

/** The path of one of the builder's own Python programs, which run on the host. */
export function builderProgram(name: string): string {
  return join(packageRoot, "python", "image_build", name);
}

/** The path of one of the programs that `sameseed check` sends into a sandbox. */
export function checkProgram(name: string): string {
  return join(packageRoot, "python", "check", name);
}

/** The path of a requirements lock that comes with this package. */
export function packagedLock(name: string): string {
  return join(packageRoot, "images", `${name}.lock`);
}

/** The names of the locks that come with this package, sorted. */
export function packagedLockNames(): string[] {
  return readdirSync(join(packageRoot, "images"))
    .filter((file) => file.endsWith(".lock"))
    .map((file) => file.slice(0, -".lock".length))
    .sort();
}

/** The path of a file that comes with this package, such as `images/numeric-fingerprints.json`. */
export function packagedFile(name: string): string {
  return join(packageRoot, name);
}

function filesBelow(root: string, folder: string, pattern: RegExp): RuntimeFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ name: relative(root, path), content: readFileSync(path) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
