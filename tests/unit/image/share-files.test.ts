/* Images of one store share the files they have in common; each stays what its digest and its seal say. */
import { linkSync, lstatSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, afterEach, describe, expect, it } from "vitest";
import { checkImage } from "../../../src/image/check-image.ts";
import { finishTree } from "../../../src/image/finish-tree.ts";
import { removeImage, resolveImage, type ResolvedImage } from "../../../src/image/image-store.ts";
import { publishTree } from "../../../src/image/publish-image.ts";
import { readSeal, sealHolds } from "../../../src/image/seal.ts";
import { digestOfListing, type ImageFacts } from "../../../src/image/tree-listing.ts";

const facts: ImageFacts = {
  format: 1,
  python: "3.11.7",
  architecture: "x86_64",
  libc: "glibc 2.36",
  packages: {},
  runtime: "r",
  lock: "l",
};

let images: string;

beforeEach(() => {
  images = mkdtempSync(join(tmpdir(), "sameseed-share-"));
});

afterEach(() => {
  rmSync(images, { recursive: true, force: true });
});

async function publish(files: Readonly<Record<string, string>>): Promise<ResolvedImage> {
  const folder = join(images, ".stage");
  const root = join(folder, "rootfs");
  for (const [name, text] of Object.entries({ "opt/python/bin/python3": "python", ...files })) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  finishTree(root);
  const digest = await publishTree(folder, images, (entries) => ({
    ...facts,
    ...digestOfListing(entries, facts),
  }));
  return resolveImage(digest, images);
}

const inode = ({ rootfs }: ResolvedImage, path: string): number => lstatSync(join(rootfs, path)).ino;
const isSealed = ({ rootfs, seal, manifest }: ResolvedImage): boolean =>
  sealHolds(rootfs, readSeal(seal!, manifest)!);

describe("files that images have in common", () => {
  it("are one file, at the same path only, and no seal is broken by that", async () => {
    const first = await publish({ "a/same": "1", "a/other": "2", "b/same": "1" });
    const second = await publish({ "a/same": "1", "a/other": "3", "c/same": "1", "d/same": "1" });
    const third = await publish({ "a/same": "1", "a/other": "3" });
    expect(inode(second, "a/same")).toBe(inode(first, "a/same"));
    expect(inode(third, "a/same")).toBe(inode(first, "a/same"));
    expect(inode(third, "a/other")).toBe(inode(second, "a/other"));
    expect(inode(second, "a/other")).not.toBe(inode(first, "a/other"));
    expect(new Set(["a/same", "c/same", "d/same"].map((path) => inode(second, path))).size).toBe(3);
    for (const image of [first, second, third]) {
      expect(isSealed(image)).toBe(true);
      expect(checkImage(image).digest).toBe(image.manifest.digest);
    }
  });

  it("are two files in one tree where another image has one under both names", async () => {
    const first = await publish({ "a/one": "1", "a/two": "1" });
    // As builds left it before.
    const [one, two] = ["a/one", "a/two"].map((path) => join(first.rootfs, path));
    rmSync(two!);
    linkSync(one!, two!);
    const second = await publish({ "a/one": "1", "a/two": "1", more: "2" });
    expect(inode(second, "a/one")).toBe(inode(first, "a/one"));
    expect(inode(second, "a/two")).not.toBe(inode(first, "a/two"));
    expect(isSealed(second)).toBe(true);
  });

  it("stay when one of the images goes, sealed as before", async () => {
    const first = await publish({ same: "1" });
    const second = await publish({ same: "1", more: "2" });
    await removeImage(first.manifest.digest, images);
    expect(isSealed(second)).toBe(true);
    expect(lstatSync(join(second.rootfs, "same")).nlink).toBe(1);
    expect(checkImage(second).digest).toBe(second.manifest.digest);
  });

  it("are not taken from an image in which somebody changed them, though its seal does not tell", async () => {
    const first = await publish({ same: "1" });
    const file = join(first.rootfs, "same");
    const { atime, mtime } = lstatSync(file);
    writeFileSync(file, "X");
    utimesSync(file, atime, mtime);
    const second = await publish({ same: "1", more: "2" });
    expect(inode(second, "same")).not.toBe(inode(first, "same"));
    expect(checkImage(second).digest).toBe(second.manifest.digest);
    expect(isSealed(first)).toBe(false);
  });

  it("are not shared where their modes differ", async () => {
    const first = await publish({ tool: "1" });
    const folder = join(images, ".stage");
    mkdirSync(join(folder, "rootfs/opt/python/bin"), { recursive: true });
    writeFileSync(join(folder, "rootfs/opt/python/bin/python3"), "python");
    writeFileSync(join(folder, "rootfs/tool"), "1", { mode: 0o755 });
    finishTree(join(folder, "rootfs"));
    const digest = await publishTree(folder, images, (entries) => ({
      ...facts,
      ...digestOfListing(entries, facts),
    }));
    const second = resolveImage(digest, images);
    expect(inode(second, "tool")).not.toBe(inode(first, "tool"));
    expect(inode(second, "opt/python/bin/python3")).toBe(inode(first, "opt/python/bin/python3"));
  });
});
