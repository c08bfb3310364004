import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { finishTree } from "../../../src/image/finish-tree.ts";
import { parseLdd, mergedPath } from "../../../src/image/shared-libraries.ts";
import {
  digestOfListing,
  listTree,
  type ImageFacts,
  type TreeDigest,
} from "../../../src/image/tree-listing.ts";

const facts: ImageFacts = {
  format: 1,
  python: "3.11.7",
  architecture: "x86_64",
  libc: "glibc 2.36",
  packages: { b: "1", a: "2" },
  runtime: "r",
  lock: "l",
};

const digestOfTree = (root: string, named: ImageFacts): TreeDigest => digestOfListing(listTree(root), named);

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sameseed-tree-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(root: string, files: Iterable<[string, string]>): string {
  mkdirSync(root);
  for (const [name, text] of files) writeFileSync(join(root, name), text);
  return root;
}

describe("finishTree", () => {
  it("leaves no file with two names in the tree, and those outside alone", () => {
    const outside = join(folder, "outside");
    writeFileSync(outside, "x");
    const root = write(join(folder, "root"), [["b", "x"]]);
    mkdirSync(join(root, "a"));
    linkSync(join(root, "b"), join(root, "a", "z"));
    linkSync(join(root, "b"), join(root, "c"));
    linkSync(outside, join(root, "d"));
    finishTree(root);
    const files = ["b", "a/z", "c", "d"].map((name) => statSync(join(root, name)));
    expect(new Set(files.map(({ ino }) => ino)).size).toBe(4);
    expect(files.map(({ nlink }) => nlink)).toEqual([1, 1, 1, 2]);
    expect(readdirSync(root).sort()).toEqual(["a", "b", "c", "d"]);
    expect(readFileSync(join(root, "a", "z"), "utf8")).toBe("x");
  });
});

describe("listTree", () => {
  it("sorts by the bytes of whole paths and says what each entry is", () => {
    const root = write(join(folder, "root"), [["b", "x"]]);
    mkdirSync(join(root, "a"));
    writeFileSync(join(root, "a", "z"), "");
    writeFileSync(join(root, "a.b"), "");
    writeFileSync(join(root, "é"), "");
    symlinkSync("b", join(root, "link"));
    const listed = listTree(root).map((entry) => [entry.path, entry.type, entry.sizeBytes]);
    expect(listed).toEqual([
      ["a", "folder", 0],
      ["a.b", "file", 0],
      ["a/z", "file", 0],
      ["b", "file", 1],
      ["link", "link", 0],
      ["é", "file", 0],
    ]);
  });

  it("gives the same digest whatever the order of creation and the times", () => {
    const name = fc.stringMatching(/^[a-zA-Z0-9._é-]{1,12}$/).filter((text) => text !== "." && text !== "..");
    const files = fc.uniqueArray(fc.tuple(name, fc.string()), { selector: ([key]) => key, maxLength: 8 });
    let run = 0;
    fc.assert(
      fc.property(files, (entries) => {
        run += 1;
        const one = write(join(folder, `a${run}`), entries);
        const two = write(join(folder, `b${run}`), entries.toReversed());
        utimesSync(two, 1, 1);
        expect(digestOfTree(two, facts)).toEqual(digestOfTree(one, facts));
      }),
      { numRuns: 40 },
    );
  });

  it("gives another digest for another fact, name, content or mode", () => {
    const root = write(join(folder, "root"), [["a", "x"]]);
    const seen = new Set<string>();
    const note = (): void => void seen.add(digestOfTree(root, facts).digest);
    note();
    for (const [key, value] of Object.entries({
      python: "3",
      libc: "g",
      runtime: "s",
      packages: { a: "3" },
    })) {
      seen.add(digestOfTree(root, { ...facts, [key]: value }).digest);
    }
    chmodSync(join(root, "a"), 0o755);
    note();
    writeFileSync(join(root, "a"), "y");
    note();
    writeFileSync(join(root, "b"), "");
    note();
    expect(seen.size).toBe(8);
    expect(digestOfTree(root, { ...facts, packages: { a: "2", b: "1" } })).toEqual(digestOfTree(root, facts));
  });
});

describe("finishTree", () => {
  it("sets modes and times, takes away setuid, and leaves content alone", () => {
    const root = write(join(folder, "root"), [["plain", "a"]]);
    writeFileSync(join(root, "tool"), "");
    chmodSync(join(root, "tool"), 0o4711);
    chmodSync(join(root, "plain"), 0o600);
    mkdirSync(join(root, "inner"), { mode: 0o700 });
    symlinkSync("../plain", join(root, "inner", "link"));
    finishTree(root);
    expect(listTree(root).map((entry) => [entry.path, entry.mode])).toEqual([
      ["inner", 0o755],
      ["inner/link", 0],
      ["plain", 0o644],
      ["tool", 0o755],
    ]);
    const times = ["plain", "tool", "inner", ""].map((name) => statSync(join(root, name)).mtimeMs);
    expect(new Set(times).size).toBe(1);
    expect(readFileSync(join(root, "plain"), "utf8")).toBe("a");
  });

  it("refuses what is neither file, folder nor link", () => {
    const root = write(join(folder, "root"), []);
    execFileSync("mkfifo", [join(root, "pipe")]);
    expect(() => finishTree(root)).toThrow(expect.objectContaining({ code: "image_build_failed" }));
  });

  it.for(["/etc/passwd", "../outside", "..", "a/../../outside"])("refuses a link to %s", (target) => {
    const root = write(join(folder, "root"), []);
    symlinkSync(target, join(root, "link"));
    expect(() => finishTree(root)).toThrow(expect.objectContaining({ code: "image_build_failed" }));
  });
});

describe("parseLdd", () => {
  const output = [
    "/tree/rootfs/opt/a.so:",
    "\tlinux-vdso.so.1 (0x00007ffd)",
    "\tlibc.so.6 => /lib/x/libc.so.6 (0x00007f)",
    "\tlibown.so => /tree/rootfs/opt/libs/libown.so (0x00007f)",
    "\tlibgone.so.1 => not found",
    "\t/lib64/ld-linux-x86-64.so.2 (0x00007f)",
    "/tree/rootfs/opt/b:",
    "\tnot a dynamic executable",
  ].join("\n");

  it("tells the host's libraries from the tree's own", () => {
    const needed = parseLdd(output, "", "/tree/rootfs");
    expect([...needed.libraries]).toEqual([["libc.so.6", "/lib/x/libc.so.6"]]);
    expect([...needed.loaders]).toEqual(["/lib64/ld-linux-x86-64.so.2"]);
    expect([...needed.unloadable]).toEqual(["/tree/rootfs/opt/a.so"]);
  });

  it("refuses two different libraries of one name", () => {
    writeFileSync(join(folder, "one"), "");
    writeFileSync(join(folder, "two"), "");
    const twice = `\tlib.so => ${folder}/one (0x0)\n\tlib.so => ${folder}/two (0x0)\n`;
    expect(() => parseLdd(twice, "/a", "/tree")).toThrow(
      expect.objectContaining({ code: "image_build_failed" }),
    );
  });

  it("places libraries where merged systems have them", () => {
    expect(mergedPath("/lib64/ld.so")).toBe("/usr/lib64/ld.so");
    expect(mergedPath("/lib/x/libc.so.6")).toBe("/usr/lib/x/libc.so.6");
    expect(mergedPath("/usr/lib/libc.so.6")).toBe("/usr/lib/libc.so.6");
    expect(mergedPath("/libexec/a")).toBe("/libexec/a");
  });
});
