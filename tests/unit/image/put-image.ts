import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { digestOfListing, listTree, type ImageFacts } from "../../../src/image/tree-listing.ts";
import type { ImageManifest } from "../../../src/model/image-manifest.ts";

const facts: ImageFacts = {
  format: 1,
  python: "3.11.7",
  architecture: "x86_64",
  libc: "glibc 2.36",
  packages: { numpy: "2.4.6" },
  runtime: "r",
  lock: "l",
};

/** Puts an image of one file, besides its interpreter, into a store; it is not sealed yet. */
export function putImage(images: string, content: string): ImageManifest {
  const stage = join(images, "stage");
  const root = join(stage, "rootfs");
  mkdirSync(join(root, "opt/python/bin"), { recursive: true });
  writeFileSync(join(root, "opt/python/bin/python3"), "");
  writeFileSync(join(root, "content"), content);
  const manifest: ImageManifest = { ...facts, ...digestOfListing(listTree(root), facts) };
  writeFileSync(join(stage, "image.json"), JSON.stringify(manifest));
  renameSync(stage, join(images, manifest.digest));
  return manifest;
}
