import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** One file of the repository. */
export interface TrackedFile {
  /** Below the repository's root. */
  readonly path: string;
  readonly text: string;
}

/** The repository's root. */
export const repository: string = resolve(import.meta.dirname, "..", "..");

/** Every text file that git tracks or would track, sorted. */
export function trackedFiles(): TrackedFile[] {
  const list = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: repository,
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  return [...new Set(list.split("\0"))]
    .filter((path) => path !== "" && existsSync(join(repository, path)))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(repository, path), "latin1") }))
    .filter((file) => !file.text.includes("\0"));
}
