import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { SameseedError } from "../base/error.ts";
import type { HostPython } from "./find-python.ts";
import { findPip, pipFailed, runPip } from "./pip.ts";
import type { RequirementsLock } from "./requirements-lock.ts";

/** Where wheels come from and how to stop. */
export interface InstallOptions {
  /** Take wheels from this folder only, without a network. */
  readonly findLinks?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What pip leaves behind that differs from one installation of the same wheels to the next. */
const variableMetadata: readonly string[] = ["direct_url.json", "REQUESTED", "INSTALLER", "RECORD"];

/**
 * Installs the locked wheels into a folder, and nothing else: no dependencies, no source builds, no
 * scripts, no bytecode. pip is the interpreter's own, else one in a virtual environment below `workFolder`.
 *
 * @returns Normalised names with their versions.
 * @throws {SameseedError} `image_build_failed` with pip's own words, `aborted`.
 */
export async function installWheels(
  python: HostPython,
  lock: RequirementsLock,
  target: string,
  workFolder: string,
  options: InstallOptions = {},
): Promise<Record<string, string>> {
  if (lock.packages.length > 0) {
    const pip = await findPip(python, workFolder, options.signal);
    const strict = ["--no-compile", "--require-hashes", "--no-deps", "--only-binary", ":all:"];
    const what = ["--target", target, "--requirement", writeLockCopy(lock, workFolder)];
    const run = await runPip(pip, "install", [...strict, ...pipSources(lock, options.findLinks), ...what]);
    if (run.exitCode !== 0)
      throw pipFailed(`the packages of ${lock.path} could not be installed`, run, python, false);
  }
  rmSync(join(target, "bin"), { recursive: true, force: true });
  return readPackages(target);
}

/** pip reads the very bytes whose digest names the image, even if the file is edited meanwhile. */
export function writeLockCopy(lock: RequirementsLock, workFolder: string): string {
  const lockCopy = join(workFolder, "requirements.lock");
  writeFileSync(lockCopy, lock.text);
  return lockCopy;
}

/** Where packages come from, as arguments for pip: the folder that was asked for alone, else what the lock says. */
export function pipSources(lock: Pick<RequirementsLock, "sources">, findLinks: string | undefined): string[] {
  return findLinks === undefined ? [...lock.sources] : ["--no-index", "--find-links", resolve(findLinks)];
}

/** Reads what was installed and removes the metadata that says how. */
function readPackages(target: string): Record<string, string> {
  const packages: [string, string][] = [];
  for (const entry of existsSync(target) ? readdirSync(target) : []) {
    if (!entry.endsWith(".dist-info")) continue;
    const metadata = readFileSync(join(target, entry, "METADATA"), "utf8");
    const name = /^Name:\s*(\S+)/m.exec(metadata)?.[1];
    const version = /^Version:\s*(\S+)/m.exec(metadata)?.[1];
    if (name === undefined || version === undefined) {
      throw new SameseedError("image_build_failed", `${entry} in the image has no name or version`);
    }
    packages.push([name.toLowerCase().replaceAll(/[-_.]+/g, "-"), version]);
    for (const file of variableMetadata) rmSync(join(target, entry, file), { force: true });
  }
  return Object.fromEntries(packages.sort(([a], [b]) => (a < b ? -1 : 1)));
}
