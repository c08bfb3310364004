/* What a package may put into an image's tree, and where: packages are folders here, as they are when they are unpacked. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { placeFiles } from "../../../src/image/place-files.ts";

let folder: string;
let root: string;
let placed: Set<string>;

beforeEach(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "sameseed-place-"));
  root = join(folder, "images/one/rootfs");
  mkdirSync(join(root, "usr/bin/folder"), { recursive: true });
  for (const name of ["bin", "lib", "lib64"]) symlinkSync(`usr/${name}`, join(root, name));
  placed = new Set();
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Places a package of files and links (`-> TARGET`). */
function place(files: Readonly<Record<string, string>>): void {
  const unpacked = mkdtempSync(join(folder, "package-"));
  for (const [path, content] of Object.entries(files)) {
    const full = join(unpacked, path);
    mkdirSync(dirname(full), { recursive: true });
    if (content.startsWith("-> ")) symlinkSync(content.slice(3), full);
    else writeFileSync(full, content);
  }
  placeFiles(unpacked, root, placed);
}

const refusal = (message: RegExp): unknown =>
  expect.objectContaining({ code: "image_build_failed", message: expect.stringMatching(message) as string });

test("no file is placed through links that lead out of the tree together, and none of the host's goes", () => {
  const outside = join(folder, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "present"), "the host's");
  // The first lies deeper than where it leads, so that the second, which is harmless where it seems to lie, leads out.
  const links = { "lib/a/b/c/d/e/f/z": "-> /usr/lib64" };
  place(links);
  const through = (name: string): Record<string, string> => ({
    "usr/lib/a/b/c/d/e/f/z/l": "-> /",
    [`usr/lib64/l${join(outside, name)}`]: "evil",
  });
  expect(() => place(through("evil"))).toThrow(refusal(/and \/usr\/lib\/a\/b\/c\/d\/e\/f\/z is no folder/));
  expect(() => place(through("present"))).toThrow(refusal(/is no folder of the image/));
  expect(existsSync(join(outside, "evil"))).toBe(false);
  expect(existsSync(join(root, "usr/lib64"))).toBe(false);
});

test("no link stands above what is reserved, or for a folder that has files", () => {
  expect(() => place({ opt: "-> /usr/share" })).toThrow(refusal(/\/opt, which is a place of the sandbox/));
  place({ "usr/share/real/file": "1", "usr/share/link": "-> real", "usr/share/here": "-> ." });
  expect(readlinkSync(join(root, "usr/share/here"))).toBe(".");
  expect(() => place({ "usr/share/link/other": "2" })).toThrow(
    refusal(/and \/usr\/share\/link is no folder/),
  );
  expect(() => place({ "usr/share/real/file/more": "2" })).toThrow(refusal(/file is no folder of the image/));
  expect(() => place({ "usr/bin/folder": "2" })).toThrow(refusal(/where the image has one of its own/));
  expect(existsSync(join(root, "usr/share/real/other"))).toBe(false);
  place({ "lib/x/merged": "3" });
  expect(lstatSync(join(root, "usr/lib/x/merged")).isFile()).toBe(true);
});

test("what is neither a regular file nor a link is refused", () => {
  const unpacked = join(folder, "pipe");
  mkdirSync(join(unpacked, "usr/share"), { recursive: true });
  execFileSync("mkfifo", [join(unpacked, "usr/share/pipe")]);
  expect(() => {
    placeFiles(unpacked, root, placed);
  }).toThrow(refusal(/\/usr\/share\/pipe, which is neither a regular file nor a link/));
});

test("two packages agree on a link when it leads to one place, whether or not anything is there", () => {
  place({ "usr/share/a": "-> /usr/share/nothing", "usr/share/b": "-> target", "usr/share/target": "1" });
  place({ "usr/share/a": "-> nothing", "usr/share/b": "-> ../share/target" });
  expect(() => place({ "usr/share/b": "-> a" })).toThrow(
    refusal(/\/usr\/share\/b, as another package has it/),
  );
  expect(() => place({ "usr/share/target": "-> b" })).toThrow(refusal(/as another package has it/));
  expect(() => place({ "usr/share/b": "1" })).toThrow(refusal(/as another package has it/));
});
