import type { ImageFacts } from "../../../src/image/tree-listing.ts";

/** Facts of an image that tests make of a folder. */
export const imageFacts: ImageFacts = {
  format: 1,
  python: "3.11.7",
  architecture: process.arch === "x64" ? "x86_64" : "aarch64",
  libc: "glibc 2.36",
  packages: {},
  runtime: "r",
  lock: "l",
};
