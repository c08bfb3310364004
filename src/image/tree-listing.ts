import { createHash } from "node:crypto";
import {
  closeSync,
  lstatSync,
  openSync,
  readSync,
  readdirSync,
  readlinkSync,
  type BigIntStats,
} from "node:fs";
import { join } from "node:path";
import type { ImageManifest } from "../model/image-manifest.ts";

/** One entry of a file tree. Its digest sees everything but the size and the stamp. */
export interface TreeEntry {
  /** Below the root, with `/`, without a leading one. */
  readonly path: string;
  /** `other`: a device, socket or pipe, which no image has. */
  readonly type: "file" | "folder" | "link" | "other";
  /** Permission bits; 0 for links, whose bits mean nothing. */
  readonly mode: number;
  /** A file's SHA-256 in hex, a link's target, empty for others. */
  readonly content: string;
  /** A file's size; 0 for others. */
  readonly sizeBytes: number;
  /** {@link stampOf} the entry, taken before its content was read. */
  readonly stamp: string;
}

/** The facts that name an image together with its files. */
export type ImageFacts = Pick<
  ImageManifest,
  "format" | "python" | "architecture" | "libc" | "packages" | "runtime" | "lock" | "env" | "system"
>;

/** What {@link digestOfListing} finds. */
export interface TreeDigest {
  /** 64 hex digits. */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly files: number;
}

/**
 * Lists a tree: every entry below the root, sorted by the bytes of its path, each file read.
 *
 * @param only - One entry, which is listed alone.
 */
export function listTree(root: string, only?: string): TreeEntry[] {
  const found: TreeEntry[] = [];
  const visit = (folder: string): void => {
    for (const name of readdirSync(join(root, folder))) {
      const path = folder === "" ? name : `${folder}/${name}`;
      const entry = readEntry(root, path);
      found.push(entry);
      if (entry.type === "folder") visit(path);
    }
  };
  if (only === undefined) visit("");
  else found.push(readEntry(root, only));
  return found.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

/**
 * The digest of an image: SHA-256 over its facts and the canonical listing of its root file system. Times, owners,
 * inode numbers and the order of the disk are left out: they are not content.
 */
export function digestOfListing(
  entries: Iterable<Omit<TreeEntry, "sizeBytes" | "stamp"> & { readonly sizeBytes?: number }>,
  facts: ImageFacts,
): TreeDigest {
  const hasher = createHash("sha256");
  const sorted = (record: Readonly<Record<string, string>>): [string, string][] =>
    Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  const named = [
    facts.format,
    facts.python,
    facts.architecture,
    facts.libc,
    sorted(facts.packages),
    facts.runtime,
    facts.lock,
    ...(facts.env === undefined ? [] : [sorted(facts.env)]),
    // Told apart from variables where an image has no variables.
    ...(facts.system === undefined ? [] : ["system", sorted(facts.system)]),
  ];
  hasher.update(`sameseed/image/1\0${JSON.stringify(named)}\n`);
  let sizeBytes = 0;
  let files = 0;
  for (const entry of entries) {
    hasher.update(`${JSON.stringify([entry.path, entry.type, entry.mode, entry.content])}\n`);
    sizeBytes += entry.sizeBytes ?? 0;
    if (entry.type === "file") files += 1;
  }
  return { digest: hasher.digest("hex"), sizeBytes, files };
}

/**
 * What tells without reading it whether an entry was touched: kind and mode, size, inode number, and the times of the
 * last change of content and of the entry itself. A program can set the first of these times, only the kernel the second.
 */
export function stampOf(path: string): string {
  return stamp(lstatSync(path, { bigint: true }));
}

function stamp({ mode, size, mtimeNs, ctimeNs, ino }: BigIntStats): string {
  return `${mode} ${size} ${mtimeNs} ${ctimeNs} ${ino}`;
}

function readEntry(root: string, path: string): TreeEntry {
  const full = join(root, path);
  const stat = lstatSync(full, { bigint: true });
  const entry = { path, mode: Number(stat.mode) & 0o7777, content: "", sizeBytes: 0, stamp: stamp(stat) };
  if (stat.isSymbolicLink()) return { ...entry, type: "link", mode: 0, content: readlinkSync(full) };
  if (stat.isDirectory()) return { ...entry, type: "folder" };
  if (!stat.isFile()) return { ...entry, type: "other" };
  return { ...entry, type: "file", content: hashFile(full), sizeBytes: Number(stat.size) };
}

const chunk: Buffer = Buffer.allocUnsafe(1 << 20);

/** The SHA-256 of a file, 64 hex digits. It is read in pieces, so that its size does not matter. */
export function hashFile(path: string): string {
  const hasher = createHash("sha256");
  const file = openSync(path, "r");
  try {
    for (let size = readSync(file, chunk); size > 0; size = readSync(file, chunk)) {
      hasher.update(chunk.subarray(0, size));
    }
  } finally {
    closeSync(file);
  }
  return hasher.digest("hex");
}
