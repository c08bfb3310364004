import { dirname } from "node:path";
import { nowMs } from "../base/clock.ts";
import { SameseedError, systemErrorCode, toError } from "../base/error.ts";
import { imageDamaged, type ResolvedImage } from "./image-store.ts";
import { isSettled, readSeal, sealHolds, writeSeal, type SealedEntry } from "./seal.ts";
import { digestOfListing, listTree, stampOf, type TreeDigest, type TreeEntry } from "./tree-listing.ts";

/** Trees that this process has found to be as they should. */
const vouchedFor: Set<string> = new Set();

/**
 * Looks before a tree is used, once in a process, whether it is still what its digest names: by the sizes, times and
 * inodes of all its entries, and where these are not those it was sealed with, by reading every file.
 *
 * @throws {SameseedError} `image_damaged`.
 */
export function checkBeforeUse(image: ResolvedImage): void {
  const { rootfs, seal: path, manifest } = image;
  if (path === null || vouchedFor.has(rootfs)) return;
  const seal = readSeal(path, manifest);
  if (seal === undefined || !sealHolds(rootfs, seal)) checkImage(image);
  vouchedFor.add(rootfs);
}

/**
 * Reads every file of an image and compares the content with its digest. If they match, the image gets a new seal,
 * unless something in it changed within the last moments.
 *
 * @throws {SameseedError} `image_damaged`, naming the first entry that differs.
 */
export function checkImage({ rootfs, seal: path, manifest }: ResolvedImage): TreeDigest {
  const readAtMs = nowMs();
  let root: string;
  let entries: TreeEntry[];
  try {
    root = stampOf(rootfs);
    entries = listTree(rootfs);
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    throw damaged(`a part of it cannot be read (${toError(error).message})`, {}, error);
  }
  const found = digestOfListing(entries, manifest);
  if (found.digest === manifest.digest) {
    if (path !== null && isSettled({ root, entries }, readAtMs)) writeSeal(path, { root, entries });
    return found;
  }
  const seal = path === null ? undefined : readSeal(path, manifest);
  const changes = seal === undefined ? [] : changesBetween(seal.entries, entries);
  const first = changes[0];
  if (first === undefined) throw damaged("its files are not those it was built with", {});
  const more = changes.length === 1 ? "" : `, and ${changes.length - 1} more of its entries are not as built`;
  throw damaged(`${first}${more}`, { changes: changes.slice(0, 100), changed: changes.length });

  function damaged(why: string, context: Record<string, unknown>, cause?: unknown): SameseedError {
    return imageDamaged(manifest.digest, why, { images: dirname(dirname(rootfs)), context, cause });
  }
}

/** What a tree has otherwise than its listing, one phrase each, in the order of paths. */
function changesBetween(built: readonly SealedEntry[], found: readonly TreeEntry[]): string[] {
  const rest = new Map(found.map((entry) => [entry.path, entry]));
  const changes: [path: string, change: string][] = [];
  for (const entry of built) {
    const now = rest.get(entry.path);
    rest.delete(entry.path);
    const change = now === undefined ? "is gone" : changeOf(entry, now);
    if (change !== undefined) changes.push([entry.path, change]);
  }
  for (const path of rest.keys()) changes.push([path, "was added"]);
  const inOrder = changes.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return inOrder.map(([path, change]) => `/${path} ${change}`);
}

function changeOf(built: SealedEntry, now: TreeEntry): string | undefined {
  if (built.type !== now.type) return `is no longer a ${built.type}`;
  if (built.content !== now.content)
    return built.type === "link" ? "links to another place" : "has other content";
  if (built.mode !== now.mode) return `has the mode ${now.mode.toString(8)}, not ${built.mode.toString(8)}`;
  return undefined;
}
