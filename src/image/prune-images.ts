import { readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { systemErrorCode } from "../base/error.ts";
import { imagesFolder } from "../base/home.ts";
import { listDigests, listImages, removeImage } from "./image-store.ts";

/** How deep below a folder runs are looked for: matchups and leagues hold folders of runs. */
const depth = 4;

/** The digests that run folders at or below some folders name, each with the folders that name it. */
export function digestsOfRuns(places: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const visit = (folder: string, left: number): void => {
    const digest = digestOfRun(folder);
    if (digest !== undefined) {
      found.set(digest, [...(found.get(digest) ?? []), folder]);
      return;
    }
    if (left === 0) return;
    for (const entry of entriesOf(folder)) if (entry.isDirectory()) visit(join(folder, entry.name), left - 1);
  };
  for (const place of places) visit(place, depth);
  return found;
}

/**
 * Removes images that no name stands for and that no run folder at or below `runs` names.
 *
 * @returns The digests that were removed, or that would be.
 * @throws {SameseedError} `io_failed`.
 */
export async function pruneImages(
  runs: readonly string[],
  { images = imagesFolder(), dryRun = false }: { readonly images?: string; readonly dryRun?: boolean } = {},
): Promise<string[]> {
  const named = new Set(
    listImages(images)
      .filter(({ names }) => names.length > 0)
      .map(({ manifest }) => manifest.digest),
  );
  const used = digestsOfRuns(runs);
  const unused = listDigests(images).filter((digest) => !named.has(digest) && !used.has(digest));
  if (dryRun) return unused;
  for (const digest of unused) await removeImage(digest, images);
  forgetBuilds(images);
  return unused;
}

/** Records of builds whose images are gone say nothing any more. */
function forgetBuilds(images: string): void {
  const present = new Set(listDigests(images));
  for (const { name } of entriesOf(join(images, "inputs"))) {
    const path = join(images, "inputs", name);
    const digest = /"digest":"([0-9a-f]{64})"/.exec(readText(path) ?? "")?.[1];
    if (digest !== undefined && !present.has(digest)) rmSync(path, { force: true });
  }
}

function digestOfRun(folder: string): string | undefined {
  const text = readText(join(folder, "run.json"));
  if (text === undefined) return undefined;
  try {
    const run = JSON.parse(text) as { image?: { manifest?: { digest?: unknown } } } | null;
    const digest = run?.image?.manifest?.digest;
    return typeof digest === "string" ? digest : undefined;
  } catch {
    return undefined;
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return undefined;
  }
}

function entriesOf(folder: string): { readonly name: string; isDirectory(): boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return [];
  }
}
