import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";

import { makeFolders } from "../../../src/base/make-folders.ts";

const root = mkdtempSync(join(tmpdir(), "sameseed-folders-"));

afterAll(() => rmSync(root, { recursive: true }));

it("makes a folder with those above it, and leaves one that is there", () => {
  const path = join(root, "a", "b", "c");
  makeFolders(path);
  makeFolders(path);
  expect(statSync(path).isDirectory()).toBe(true);
});

it("refuses where a file is in the way", () => {
  writeFileSync(join(root, "file"), "");
  expect(() => makeFolders(join(root, "file"))).toThrow(/EEXIST/);
  expect(() => makeFolders(join(root, "file", "below"))).toThrow(/ENOTDIR/);
});

it("returns where the system has no such place", () => {
  expect(() => makeFolders("/proc/nowhere/at/all")).toThrow(/ENOENT/);
});
