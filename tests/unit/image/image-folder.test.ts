/* Images are shared in a folder, by digest. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";

import { pullImage, pushImage } from "../../../src/image/image-folder.ts";
import { readNameRecord, writeName } from "../../../src/image/image-store.ts";
import { publishTree } from "../../../src/image/publish-image.ts";
import { digestOfListing } from "../../../src/image/tree-listing.ts";
import { imageFacts as facts } from "./image-facts.ts";

let work: string;
let images: string;
let elsewhere: string;
let shared: string;
let digest: string;

beforeEach(async () => {
  work = mkdtempSync(join(tmpdir(), "sameseed-shared-"));
  [images, elsewhere, shared] = ["images", "elsewhere", "shared"].map((name) => join(work, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(images);
  digest = await makeImage("content");
  writeName("mine", { digest }, images);
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

async function makeImage(content: string): Promise<string> {
  const stage = join(images, "stage");
  mkdirSync(join(stage, "rootfs/opt/python/bin"), { recursive: true });
  writeFileSync(join(stage, "rootfs/opt/python/bin/python3"), "");
  writeFileSync(join(stage, "rootfs/content"), content);
  return await publishTree(stage, images, (entries) => ({ ...facts, ...digestOfListing(entries, facts) }));
}

it("an image is put there once, and taken by the beginning of its digest, under the name of the one who takes it", async () => {
  expect(await pushImage("mine", shared, { images })).toMatchObject({ digest, isNew: true });
  const file = join(shared, `${digest}.tar.zst`);
  const { mtimeMs } = statSync(file);
  expect(await pushImage(digest, pathToFileURL(shared).href, { images })).toMatchObject({
    file,
    isNew: false,
  });
  expect(statSync(file).mtimeMs).toBe(mtimeMs);
  const taken = await pullImage(`sha256:${digest.slice(0, 12)}`, shared, { images: elsewhere });
  expect(taken.manifest.digest).toBe(digest);
  expect(readNameRecord("mine", elsewhere), "names do not travel").toBeUndefined();
  await pullImage(digest, shared, { images: elsewhere, name: "theirs" });
  expect(readNameRecord("theirs", elsewhere)?.digest).toBe(digest);
});

it("a file that holds another image than its name says is refused, and nothing of it is kept", async () => {
  await pushImage("mine", shared, { images });
  const other = "0".repeat(64);
  copyFileSync(join(shared, `${digest}.tar.zst`), join(shared, `${other}.tar.zst`));
  await expect(pullImage(other, shared, { images: elsewhere })).rejects.toMatchObject({
    code: "image_damaged",
  });
  rmSync(join(shared, `${digest}.tar.zst`));
  writeFileSync(join(shared, `${digest}.tar.zst`), "something else");
  await expect(pullImage(digest, shared, { images: elsewhere })).rejects.toMatchObject({
    code: "image_damaged",
  });
  await expect(pushImage("mine", shared, { images })).rejects.toMatchObject({ code: "image_damaged" });
  expect(() => readdirSync(elsewhere)).toThrow("ENOENT");
});

it.each([
  ["is not there", "abcdef0", "image_missing"],
  ["is no digest", "mine", "bad_argument"],
  ["is too short", "abcdef", "bad_argument"],
])("what %s is refused", async (_, wanted, code) => {
  await pushImage("mine", shared, { images });
  await expect(pullImage(wanted, shared, { images: elsewhere })).rejects.toMatchObject({ code });
});

it("a digest that begins two images is refused", async () => {
  mkdirSync(shared);
  for (const last of ["0", "1"]) writeFileSync(join(shared, `${"a".repeat(63)}${last}.tar.zst`), "");
  await expect(pullImage("a".repeat(10), shared, { images })).rejects.toMatchObject({ code: "bad_argument" });
});

it("addresses of another kind, and folders that are not there, are refused with what can be given", async () => {
  await expect(pushImage("mine", "https://example.org/images", { images })).rejects.toMatchObject({
    code: "bad_argument",
    hint: expect.stringContaining("folder"),
  });
  await expect(pullImage(digest, join(work, "nowhere"), { images })).rejects.toMatchObject({
    code: "io_failed",
  });
});
