/* A file that is made from a recording is whole, or is not there. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { makeNewFile } from "../../../../src/store/export/new-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sameseed-new-file-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function fail(path: string, code: string): Promise<void> {
  writeFileSync(path, "half of");
  throw Object.assign(await Promise.resolve(new Error("no")), { code });
}

test("the folders above it are made", async () => {
  const path = join(folder, "a", "b", "c.csv");
  await makeNewFile(path, async () => await Promise.resolve(writeFileSync(path, "all of it")));
  expect(readFileSync(path, "utf8")).toBe("all of it");
});

test("one that is there stays as it is", async () => {
  const path = join(folder, "c.csv");
  writeFileSync(path, "mine");
  await expect(makeNewFile(path, async () => await fail(path, "EIO"))).rejects.toMatchObject({
    code: "bad_argument",
    message: `${path} exists already`,
    hint: "choose another name, or remove it first",
  });
  expect(readFileSync(path, "utf8")).toBe("mine");
});

test.each(["ENOSPC", "EDQUOT", "EFBIG"])("%s leaves no part, and no folder made for it", async (code) => {
  const path = join(folder, "a", "b", "c.csv");
  mkdirSync(join(folder, "a"));
  await expect(makeNewFile(path, async () => await fail(path, code))).rejects.toMatchObject({
    code: "disk_full",
    hint: expect.not.stringContaining("resume") as unknown,
  });
  expect([existsSync(path), existsSync(join(folder, "a", "b")), existsSync(join(folder, "a"))]).toEqual([
    false,
    false,
    true,
  ]);
});

test("a folder that cannot be made says which file and why", async () => {
  const path = join(folder, "file", "c.csv");
  writeFileSync(join(folder, "file"), "");
  await expect(makeNewFile(path, async () => await fail(path, "EIO"))).rejects.toMatchObject({
    code: "io_failed",
    message: `making ${join(folder, "file")} failed (EEXIST)`,
  });
});
