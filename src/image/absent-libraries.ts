import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";

/** What draws, and is opened by name as a package runs: nothing in a library's own list of what it needs tells of it. */
const drawing = /lib(?:vulkan|GL|EGL|OSMesa)\.so\.\d+/g;

/** A library of so many bytes is a package's own engine at most; what is larger computes. */
const largestBytes = 256 * 1024 * 1024;

/**
 * The libraries that draw which an image's packages look for by name, and which it does not have. An engine that does not find
 * one often crashes without a word.
 *
 * @param rootfs the image's files
 */
export function absentLibraries(rootfs: string): string[] {
  const installed = filesBelow(join(rootfs, "opt"));
  const there = new Set([...installed, ...filesBelow(join(rootfs, "usr"))].map((path) => basename(path)));
  const names = new Set<string>();
  for (const path of installed.filter(isOwn))
    if (statSync(path).size <= largestBytes)
      for (const [name] of readFileSync(path, "latin1").matchAll(drawing)) names.add(name);
  return [...names].filter((name) => !there.has(name)).toSorted();
}

/** Whether it is a library of a package's own; what was put beside those (`NAME.libs`) was made to do without. */
function isOwn(path: string): boolean {
  return /\.so(?:\.[\d.]+)?$/.test(path) && !/\.libs\//.test(path);
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name));
}
