import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, it } from "vitest";

import { makeFolders, makeOpenFolders } from "../../../src/base/make-folders.ts";

const module = pathToFileURL(join(import.meta.dirname, "../../../src/base/make-folders.ts")).href;
const modeOf = (path: string): number => statSync(path).mode & 0o777;
const root = mkdtempSync(join(tmpdir(), "sameseed-folders-"));

afterAll(() => rmSync(root, { recursive: true }));

it("makes a folder with those above it, and leaves one that is there", () => {
  const path = join(root, "a", "b", "c");
  makeFolders(path);
  makeFolders(path);
  expect(statSync(path).isDirectory()).toBe(true);
});

it("gives the folder itself the mode that is asked for, and leaves that of one that is there", () => {
  const path = join(root, "private", "run");
  makeFolders(path, 0o700);
  expect(modeOf(path)).toBe(0o700);
  chmodSync(path, 0o750);
  makeFolders(path, 0o700);
  expect(modeOf(path)).toBe(0o750);
});

/** Makes open folders in a process with this umask. */
function makeOpen(path: string, umask: string): void {
  const program = `import { makeOpenFolders } from ${JSON.stringify(module)}; makeOpenFolders(${JSON.stringify(path)});`;
  const command = `umask ${umask}; exec "$0" "$@"`;
  const node = [process.execPath, "--input-type=module", "-e", program];
  execFileSync("bash", ["-c", command, ...node]);
}

it.for(["000", "077"])(
  "lets nobody else write to open folders under umask %s, and root's be entered",
  (umask) => {
    const closed = join(root, `closed-${umask}`);
    mkdirSync(closed);
    chmodSync(closed, 0o700);
    const path = join(closed, "home", "images");
    makeOpen(path, umask);
    const made = process.getuid?.() === 0 || umask === "000" ? 0o755 : 0o700;
    expect([closed, join(closed, "home"), path].map(modeOf)).toEqual([0o700, made, made]);
    chmodSync(path, 0o711);
    makeOpenFolders(path);
    expect(modeOf(path)).toBe(0o711);
  },
);

it("refuses where a file is in the way", () => {
  writeFileSync(join(root, "file"), "");
  expect(() => makeFolders(join(root, "file"))).toThrow(/EEXIST/);
  expect(() => makeFolders(join(root, "file", "below"))).toThrow(/ENOTDIR/);
});

it("returns where the system has no such place", () => {
  expect(() => makeFolders("/proc/nowhere/at/all")).toThrow(/ENOENT/);
});
