import { createHash } from "node:crypto";
import { closeSync, lstatSync, openSync, readSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { SameseedError } from "../base/error.ts";
import type { ImageManifest } from "../model/image-manifest.ts";

/** One entry of a file tree, as its digest sees it. */
export interface TreeEntry {
  /** Below the root, with `/`, without a leading one. */
  readonly path: string;
  readonly type: "file" | "folder" | "link";
  /** Permission bits; 0 for links, whose bits mean nothing. */
  readonly mode: number;
  /** A file's SHA-256 in hex, a link's target, empty for folders. */
  readonly content: string;
  /** A file's size; 0 for others. */
  readonly sizeBytes: number;
}

/** The facts that name an image together with its files. */
export type ImageFacts = Pick<
  ImageManifest,
  "format" | "python" | "architecture" | "libc" | "packages" | "runtime" | "lock"
>;

/** What {@link digestOfTree} finds. */
export interface TreeDigest {
  /** 64 hex digits. */
  readonly digest: string;
  readonly sizeBytes: number;
  readonly files: number;
}

/**
 * Lists a tree: every entry below the root, sorted by the bytes of its path. Times, owners, inode numbers
 * and the order of the disk are left out: they are not content.
 *
 * @throws {SameseedError} `image_build_failed` for a device, socket or pipe.
 */
export function listTree(root: string): TreeEntry[] {
  const found: TreeEntry[] = [];
  const visit = (folder: string): void => {
    for (const name of readdirSync(join(root, folder))) {
      const path = folder === "" ? name : `${folder}/${name}`;
      const entry = readEntry(root, path);
      found.push(entry);
      if (entry.type === "folder") visit(path);
    }
  };
  visit("");
  return found.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

/** The digest of an image: SHA-256 over its facts and the canonical listing of its root file system. */
export function digestOfTree(root: string, facts: ImageFacts): TreeDigest {
  const hasher = createHash("sha256");
  const packages = Object.entries(facts.packages).sort(([a], [b]) => (a < b ? -1 : 1));
  const named = [
    facts.format,
    facts.python,
    facts.architecture,
    facts.libc,
    packages,
    facts.runtime,
    facts.lock,
  ];
  hasher.update(`sameseed/image/1\0${JSON.stringify(named)}\n`);
  let sizeBytes = 0;
  let files = 0;
  for (const entry of listTree(root)) {
    hasher.update(`${JSON.stringify([entry.path, entry.type, entry.mode, entry.content])}\n`);
    sizeBytes += entry.sizeBytes;
    if (entry.type === "file") files += 1;
  }
  return { digest: hasher.digest("hex"), sizeBytes, files };
}

function readEntry(root: string, path: string): TreeEntry {
  const full = join(root, path);
  const stat = lstatSync(full);
  if (stat.isSymbolicLink()) {
    return { path, type: "link", mode: 0, content: readlinkSync(full), sizeBytes: 0 };
  }
  const mode = stat.mode & 0o7777;
  if (stat.isDirectory()) return { path, type: "folder", mode, content: "", sizeBytes: 0 };
  if (stat.isFile()) return { path, type: "file", mode, content: hashFile(full), sizeBytes: stat.size };
  throw new SameseedError("image_build_failed", `/${path} is neither file, folder nor link.`);
}

const chunk: Buffer = Buffer.allocUnsafe(1 << 20);

function hashFile(path: string): string {
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
