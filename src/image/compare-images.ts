import type { ImageDifference, ImageManifest } from "../model/image-manifest.ts";

/**
 * What differs between the image a run was recorded with and one that is present, as far as it may change
 * bytes; empty when they are the same image. Where all named facts agree and the files still differ,
 * `files` says so with both digests.
 */
export function compareImages(recorded: ImageManifest, present: ImageManifest): ImageDifference[] {
  if (recorded.digest === present.digest) return [];
  const differences: ImageDifference[] = [];
  const note = (what: string, before: string | undefined, now: string | undefined): void => {
    if (before !== now) differences.push({ what, recorded: before, present: now });
  };
  for (const fact of ["python", "libc", "architecture", "runtime"] as const) {
    note(fact, recorded[fact], present[fact]);
  }
  const names = new Set([...Object.keys(recorded.packages), ...Object.keys(present.packages)]);
  for (const name of [...names].sort()) note(name, recorded.packages[name], present.packages[name]);
  const [before, now] = [recorded.system ?? {}, present.system ?? {}];
  for (const name of [...new Set([...Object.keys(before), ...Object.keys(now)])].sort())
    note(`system package ${name}`, before[name], now[name]);
  if (differences.length === 0) note("files", recorded.digest, present.digest);
  return differences;
}
