import { mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { sha256 } from "../base/digest.ts";
import { SameseedError } from "../base/error.ts";
import type { HostPython } from "./find-python.ts";
import { pipSources, writeLockCopy, type InstallOptions } from "./install-wheels.ts";
import { findPip, pipFailed, runPipBuilding } from "./pip.ts";
import { parseLock, type RequirementsLock } from "./requirements-lock.ts";
import { normalName, packageName } from "./resolve-packages.ts";

/** A lock of wheels alone. */
export interface BuiltWheels {
  readonly lock: RequirementsLock;
  /** The folder with every wheel of the lock. */
  readonly folder: string;
  /** File names of those that were built here, sorted. */
  readonly built: readonly string[];
}

/**
 * Downloads what a lock names, and builds wheels of the source archives among it. A built wheel takes the archive's place
 * in the lock, with its own hash: from then on the image is made of wheels like any other.
 *
 * The archives' build programs run on this host, as the user who asked for it.
 *
 * @throws {SameseedError} `image_build_failed` with pip's own words, `tool_missing`, `aborted`.
 */
export async function buildWheels(
  python: HostPython,
  lock: RequirementsLock,
  workFolder: string,
  options: InstallOptions,
): Promise<BuiltWheels> {
  const folder = join(workFolder, "wheels");
  // There may be what an attempt with other versions left.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  if (lock.packages.length === 0) return { lock, folder, built: [] };
  const pip = await findPip(python, workFolder, options.signal);
  const strict = ["--require-hashes", "--no-deps", "--prefer-binary", "--wheel-dir", folder];
  const sources = pipSources(lock, options.findLinks);
  const run = await runPipBuilding(pip, "wheel", [
    ...strict,
    ...sources,
    "--requirement",
    writeLockCopy(lock, workFolder),
  ]);
  if (run.exitCode !== 0)
    throw pipFailed(`the packages of ${lock.path} could not be built`, run, python, true);
  const built: string[] = [];
  let { text } = lock;
  for (const file of readdirSync(folder).sort()) {
    const hash = sha256(readFileSync(join(folder, file))).toString("hex");
    if (lock.text.includes(hash)) continue;
    built.push(file);
    text = withWheel(text, file, hash);
  }
  return { lock: parseLock(lock.path, text), folder, built };
}

/** The lock's text with a package's archive replaced by the wheel that was built of it. */
function withWheel(text: string, file: string, hash: string): string {
  const [name = "", version = ""] = file.split("-");
  const lines = text.split("\n");
  const isNamed = (line: string): boolean => packageName(line) === normalName(name);
  // A lock may have several versions of a package, each with a marker.
  const exact = lines.findIndex((line) => isNamed(line) && line.includes(`==${version}`));
  const first = exact === -1 ? lines.findIndex(isNamed) : exact;
  if (first === -1) {
    throw new SameseedError("image_build_failed", `pip built ${file}, which the lock does not name`, {
      hint: "the archive's metadata gives it another name than the lock does",
    });
  }
  let last = first;
  while (
    lines[last]
      ?.replace(/(^|\s)#.*$/, "")
      .trimEnd()
      .endsWith("\\")
  )
    last += 1;
  const archives =
    lines
      .slice(first, last + 1)
      .join(" ")
      .match(/sha256:[0-9a-f]{64}/g) ?? [];
  const head = (lines[first] ?? "").replace(/\s*(--hash|\\|#).*$/, "");
  const from = archives.length === 1 ? `the source archive ${archives[0]}` : "a source archive";
  lines.splice(
    first,
    last + 1 - first,
    `${head} \\`,
    `    --hash=sha256:${hash}`,
    `    # built from ${from}`,
  );
  return lines.join("\n");
}
