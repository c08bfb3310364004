import { lstatSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";

import { SameseedError } from "../base/error.ts";
import { readDynamic } from "./elf-file.ts";
import { replaceFile } from "./replace-file.ts";

/*
 * Theory of operation. A program of a wheel finds its libraries by `$ORIGIN`, the folder it lies in. The loader asks /proc for
 * that, which a sandbox does not have. (Of a library it knows the folder already.) So in the image's copy of a program each
 * `$ORIGIN` of its search path is written over by a path of the same length, which is a link to the program's folder. Nothing
 * else in the file moves. Programs that bring libraries of one name each find their own.
 */

const marks = /\$ORIGIN(?![A-Za-z0-9_])|\$\{ORIGIN\}/g;
const folder = "/o";
const digits = 4;

/**
 * Lets each program of a tree find what lies beside it.
 * @param files - Programs and libraries of the tree, in an order that does not hang on the host.
 * @throws {SameseedError} `image_build_failed` where the tree has something at `/o`
 */
export function nameOrigins(root: string, files: readonly string[]): void {
  const links = new Map<string, string>();
  for (const file of files) {
    const found = readDynamic(file);
    if (found?.isProgram !== true) continue;
    const paths = found.searchPaths.filter(({ text }) => text.search(marks) >= 0);
    if (paths.length === 0) continue;
    const origin = dirname(file).slice(root.length);
    const link = links.get(origin) ?? makeLink(root, links.size, origin);
    links.set(origin, link);
    const content = readFileSync(file);
    for (const { offset, text } of paths)
      content.write(
        text.replace(marks, (mark) => link.padEnd(mark.length, "/")),
        offset,
        "latin1",
      );
    replaceFile(file, content);
  }
}

function makeLink(root: string, number: number, origin: string): string {
  const link = `${folder}/${number.toString(36).padStart(digits, "0")}`;
  const place = join(root, link);
  if (number === 0 && lstatSync(dirname(place), { throwIfNoEntry: false }) !== undefined)
    throw new SameseedError("image_build_failed", `the image has something at ${folder}`, {
      hint: "add it at another path: programs of wheels find their libraries by links in that folder",
      context: { path: folder },
    });
  mkdirSync(dirname(place), { recursive: true });
  symlinkSync(`..${origin}`, place);
  return link;
}
