// Theory of operation. Beside an image's tree lies its seal: the listing that its digest was made of, and for each entry
// a stamp of what the file system says of it. The listing is proved by the image's digest each time it is read, so a
// seal that was changed or cut short is no seal. The stamps are proved by nothing: they save reading the files, and whoever may write to the
// store may write them too. Where they do not agree with the tree, the tree is read; where its content is that of the
// digest all the same (a copy has other inodes and times), it is sealed anew.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../base/atomic-file.ts";
import { systemErrorCode } from "../base/error.ts";
import type { ImageManifest } from "../model/image-manifest.ts";
import { digestOfListing, stampOf, type TreeEntry } from "./tree-listing.ts";

/** An image's listing with the stamps its tree had when all of it was last read. */
export interface Seal {
  /** The root folder's own stamp. */
  readonly root: string;
  readonly entries: readonly SealedEntry[];
}

/** What a seal keeps of an entry. */
export type SealedEntry = Omit<TreeEntry, "sizeBytes">;

/** Where the seal of a tree lies. */
export function sealPath(rootfs: string): string {
  return join(rootfs, "..", "seal.json");
}

/** The text of a seal. */
function sealText({ root, entries }: Seal): string {
  const lines = entries.map(({ path, type, mode, content, stamp }) =>
    JSON.stringify([path, type, mode, content, stamp]),
  );
  return `{"format":1,"root":${JSON.stringify(root)},"entries":[\n${lines.join(",\n")}\n]}\n`;
}

/**
 * How fine the times of files are at the worst, in ms: a change this soon after another may not show in them. A tree is
 * read for its seal when nothing in it was changed for so long.
 */
export const settledMs = 20;

/** Whether nothing in a tree was changed just before it was read. */
export function isSettled({ root, entries }: Seal, readAtMs: number): boolean {
  const latest = BigInt(Math.floor(readAtMs - settledMs)) * 1_000_000n;
  const changedAt = (stamp: string): bigint => BigInt(stamp.split(" ")[3] ?? 0);
  return changedAt(root) < latest && entries.every(({ stamp }) => changedAt(stamp) < latest);
}

/** Writes a seal, where this process may: without one, the next use reads the whole tree again. */
export function writeSeal(path: string, seal: Seal): void {
  try {
    writeFileAtomic(path, sealText(seal));
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
  }
}

/** Reads a seal; undefined if there is none, or none of this image. */
export function readSeal(path: string, manifest: ImageManifest): Seal | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
  const seal = parseSeal(text);
  if (seal === undefined || digestOfListing(seal.entries, manifest).digest !== manifest.digest)
    return undefined;
  return seal;
}

/** Whether everything in a tree still has the stamp it was sealed with. A folder's stamp tells of what came and went. */
export function sealHolds(root: string, seal: Seal): boolean {
  try {
    return (
      stampOf(root) === seal.root &&
      seal.entries.every(({ path, stamp }) => stampOf(`${root}/${path}`) === stamp)
    );
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return false;
  }
}

/** Reads the text of a seal; the shape is checked no further than reading needs: what is not of it has another digest. */
export function parseSeal(text: string): Seal | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { format, root, entries } = (value ?? {}) as Record<string, unknown>;
  if (format !== 1 || typeof root !== "string" || !Array.isArray(entries)) return undefined;
  const sealed: SealedEntry[] = [];
  for (const entry of entries as unknown[]) {
    if (!Array.isArray(entry)) return undefined;
    const [path, type, mode, content, stamp] = entry as [string, TreeEntry["type"], number, string, string];
    sealed.push({ path, type, mode, content, stamp });
  }
  return { root, entries: sealed };
}
