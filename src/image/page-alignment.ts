import { readFileSync } from "node:fs";
import { pageBytes, readWideAlignments } from "./elf-file.ts";
import { replaceFile } from "./replace-file.ts";

/*
 * Theory of operation. Some linkers have the parts of a library lie at multiples of 2 MiB, for processors with large pages. For such a
 * library the loader reserves memory of that size, and kernels put memory of that size where each of them thinks best; whatever is
 * mapped later lies elsewhere, and with it types, and the order of a set of types. Most such libraries need no more than what every other
 * has, a multiple of a page. So in the image's copy their table of parts says that; one whose code or data is itself aligned to more stays
 * as it is. Nothing else in the file changes.
 */

/**
 * Lets the libraries and programs of a tree lie at any page.
 * @param files - Those for x86-64 among them are meant.
 */
export function alignToPages(files: readonly string[]): void {
  for (const file of files) {
    const places = readWideAlignments(file);
    if (places.length === 0) continue;
    const content = readFileSync(file);
    for (const at of places) content.writeBigUInt64LE(pageBytes, at);
    replaceFile(file, content);
  }
}
