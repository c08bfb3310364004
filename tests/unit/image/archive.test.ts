/* Images travel in one file; a hostile file leaves nothing behind. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { imagesFolder } from "../../../src/base/home.ts";
import {
  endBlocks,
  entryHeader,
  labelFrame,
  padding,
  type ArchiveEntry,
} from "../../../src/image/archive-format.ts";
import { checkImage } from "../../../src/image/check-image.ts";
import { exportImage } from "../../../src/image/export-image.ts";
import { finishTree } from "../../../src/image/finish-tree.ts";
import { resolveImage, writeName, type ResolvedImage } from "../../../src/image/image-store.ts";
import { importImage, importWhereNamed } from "../../../src/image/import-image.ts";
import { pruneImages } from "../../../src/image/prune-images.ts";
import { publishTree } from "../../../src/image/publish-image.ts";
import { digestOfListing } from "../../../src/image/tree-listing.ts";
import { imageFacts as facts } from "./image-facts.ts";

const long = `${"long".repeat(30)}/${"name".repeat(40)}`;

let folder: string;
let images: string;
let image: ResolvedImage;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sameseed-archive-"));
  images = join(folder, "images");
  mkdirSync(images);
  const stage = join(images, ".stage");
  const root = join(stage, "rootfs");
  for (const [name, text] of Object.entries({
    "opt/python/bin/python3": "python",
    [long]: "x".repeat(3000),
    "ä/empty": "",
  })) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), text, { mode: name.endsWith("python3") ? 0o755 : 0o644 });
  }
  symlinkSync(`../${long}`, join(root, "ä/link"));
  finishTree(root);
  const digest = await publishTree(stage, images, (entries) => ({
    ...facts,
    ...digestOfListing(entries, facts),
  }));
  writeFileSync(join(images, digest, "requirements.lock"), "# a lock\n");
  writeFileSync(join(images, digest, "system.lock"), "# another\n");
  writeName("mine", { digest }, images);
  image = resolveImage("mine", images);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("an image in one file", () => {
  it("has the same bytes each time, and is the same image elsewhere, by its name or by none", async () => {
    const first = join(folder, "one.tar.zst");
    const { digest } = await exportImage("mine", first, { images });
    await exportImage(digest, join(folder, "two.tar.zst"), { images });
    expect(readFileSync(first).equals(readFileSync(join(folder, "two.tar.zst")))).toBe(true);
    const elsewhere = join(folder, "elsewhere");
    const taken = await importImage(first, { images: elsewhere });
    expect(taken).toMatchObject({ name: "one", manifest: image.manifest });
    expect(checkImage(taken).digest).toBe(digest);
    expect(readFileSync(join(elsewhere, digest, "requirements.lock"), "utf8")).toBe("# a lock\n");
    expect(readFileSync(join(elsewhere, digest, "system.lock"), "utf8")).toBe("# another\n");
    expect(resolveImage(first, elsewhere)).toMatchObject({ name: digest, manifest: image.manifest });
    expect(await importImage(first, { images: elsewhere })).toEqual(taken);
    await expect(exportImage("mine", first, { images })).rejects.toMatchObject({ code: "bad_argument" });
  });

  it("does not take a name from another image", async () => {
    const elsewhere = join(folder, "taken");
    mkdirSync(elsewhere);
    writeName("one", { digest: "0".repeat(64) }, elsewhere);
    await expect(importImage(join(folder, "one.tar.zst"), { images: elsewhere })).rejects.toMatchObject({
      code: "bad_argument",
      hint: expect.stringContaining("--name") as string,
    });
  });
});

describe("an image that is asked for", () => {
  it("is a file by the shape of its path alone, never because a file has its name", async () => {
    const here = join(folder, "here");
    mkdirSync(here);
    for (const name of ["nobody", "bare.tar.zst"]) await exportImage("mine", join(here, name), { images });
    writeFileSync(
      join(here, "other.tar.zst"),
      "something else, as long as the head of an image's file ".repeat(3),
    );
    const before = process.cwd();
    process.chdir(here);
    try {
      const { digest } = image.manifest;
      for (const path of ["./nobody", join(here, "nobody"), "bare.tar.zst"])
        expect(resolveImage(path, images).manifest.digest).toBe(digest);
      expect(() => resolveImage("nobody", images)).toThrow(
        expect.objectContaining({ code: "image_missing" }),
      );
      // Nor is a file imported that only has an image's name.
      await importWhereNamed("nobody");
      expect(existsSync(join(imagesFolder(), digest))).toBe(false);
      expect(() => resolveImage("other.tar.zst", images)).toThrow(
        expect.objectContaining({
          code: "bad_argument",
          hint: expect.stringContaining("has a slash") as string,
        }),
      );
      expect(() => resolveImage("gone.tar.zst", images)).toThrow(
        expect.objectContaining({ code: "bad_argument", message: "there is no image file gone.tar.zst" }),
      );
      expect(() => writeName("mine.tar.zst", { digest }, images)).toThrow(
        expect.objectContaining({ code: "bad_argument" }),
      );
    } finally {
      process.chdir(before);
    }
  });
});

const file = (path: string, over: Partial<ArchiveEntry> = {}): ArchiveEntry => ({
  path,
  type: "file",
  mode: 0o644,
  target: "",
  sizeBytes: 0,
  ...over,
});
const dir = (path: string): ArchiveEntry => file(path, { type: "folder", mode: 0o755 });

/** The image's archive with other entries behind its manifest. */
function forge(
  entries: readonly (ArchiveEntry | Buffer)[],
  { claimed = image.manifest.sizeBytes, end = true } = {},
): string {
  const manifest = Buffer.from(JSON.stringify({ ...image.manifest, sizeBytes: claimed }));
  const tar = [
    entryHeader(file("image.json", { sizeBytes: manifest.length })),
    manifest,
    padding(manifest.length),
    ...entries.map((entry) =>
      Buffer.isBuffer(entry)
        ? entry
        : Buffer.concat([entryHeader(entry), Buffer.alloc(entry.sizeBytes), padding(entry.sizeBytes)]),
    ),
    ...(end ? [endBlocks()] : []),
  ];
  const path = join(folder, "forged.tar.zst");
  writeFileSync(
    path,
    Buffer.concat([labelFrame(image.manifest.digest), zstdCompressSync(Buffer.concat(tar))]),
  );
  return path;
}

/** A header of a kind that no image has, with a right checksum. */
function kind(path: string, code: string): Buffer {
  const header = entryHeader(file(path));
  header.write(code, 156, "latin1");
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0`, 148, "latin1");
  return header;
}

describe("a hostile file", () => {
  it.for<[string, () => string, RegExp]>([
    ["a way up", () => forge([file("rootfs/../../out")]), /no path of an image/],
    ["an absolute path", () => forge([file("/etc/out")]), /no path of an image/],
    ["a path beside the tree", () => forge([file("out")]), /does not belong/],
    ["a way up among the wheels", () => forge([file("wheels/../out.whl")]), /no path of an image/],
    [
      "a file below a link",
      () => forge([file("rootfs/l", { type: "link", target: "." }), file("rootfs/l/x")]),
      /lies in no folder/,
    ],
    [
      "a link that leads out",
      () => forge([file("rootfs/l", { type: "link", target: "../../.." })]),
      /links to a place outside/,
    ],
    [
      "an absolute link",
      () => forge([file("rootfs/l", { type: "link", target: "/etc" })]),
      /links to a place outside/,
    ],
    ["a hard link", () => forge([kind("rootfs/x", "1")]), /of the kind "1"/],
    ["a device", () => forge([kind("rootfs/x", "3")]), /of the kind "3"/],
    ["a pipe", () => forge([kind("rootfs/x", "6")]), /of the kind "6"/],
    ["the same path twice", () => forge([file("rootfs/x"), file("rootfs/x")]), /twice/],
    ["a file in place of a folder", () => forge([dir("rootfs/x"), file("rootfs/x")]), /twice/],
    ["the tree itself again", () => forge([file("rootfs", { type: "link", target: "x" })]), /twice/],
    [
      "a program that runs as another",
      () => forge([file("rootfs/x", { mode: 0o4755 })]),
      /a mode that no image has/,
    ],
    ["more than it says", () => forge([file("rootfs/x", { sizeBytes: 80 * 2 ** 20 })]), /more than it says/],
    [
      "other files than its digest's",
      () =>
        forge([
          dir("rootfs/opt"),
          dir("rootfs/opt/python"),
          dir("rootfs/opt/python/bin"),
          file("rootfs/opt/python/bin/python3"),
        ]),
      /not those its digest names/,
    ],
    ["no end", () => forge([file("rootfs/x")], { end: false }), /cut short/],
    ["another manifest", () => forge([], { claimed: -1.5 }), /image\.json is of another image/],
  ])("with %s is refused, and nothing is left of it", async ([, make, why]) => {
    const target = join(folder, "target");
    rmSync(target, { recursive: true, force: true });
    await expect(importImage(make(), { images: target })).rejects.toMatchObject({
      code: "image_damaged",
      message: expect.stringMatching(why) as string,
    });
    expect(readdirSync(target)).toEqual([]);
    expect(existsSync(join(folder, "out"))).toBe(false);
  });

  it("that is cut or of other bytes is refused at every length", async () => {
    const whole = readFileSync(join(folder, "one.tar.zst"));
    const target = join(folder, "cut");
    for (const length of [0, 50, 97, 98, 150, Math.floor(whole.length * 0.8)]) {
      const path = join(folder, "cut.tar.zst");
      writeFileSync(path, whole.subarray(0, length));
      await expect(importImage(path, { images: target }), String(length)).rejects.toMatchObject({
        code: "image_damaged",
      });
    }
    const changed = Buffer.from(whole);
    changed[120] = changed[120]! ^ 0xff;
    writeFileSync(join(folder, "cut.tar.zst"), changed);
    await expect(importImage(join(folder, "cut.tar.zst"), { images: target })).rejects.toMatchObject({
      code: "image_damaged",
    });
    expect(existsSync(target) ? readdirSync(target) : []).toEqual([]);
  });
});

describe("pruning", () => {
  it("keeps what has a name and what a run names, also below a league's folder", async () => {
    const { digest } = image.manifest;
    const elsewhere = join(folder, "pruned");
    const runs = join(folder, "runs");
    await importImage(join(folder, "one.tar.zst"), { images: elsewhere });
    expect(await pruneImages([], { images: elsewhere })).toEqual([]);
    rmSync(join(elsewhere, "names/one.json"));
    mkdirSync(join(runs, "league/a"), { recursive: true });
    writeFileSync(
      join(runs, "league/a/run.json"),
      JSON.stringify({ image: { name: "x", manifest: { digest } } }),
    );
    expect(await pruneImages([runs], { images: elsewhere })).toEqual([]);
    expect(await pruneImages([], { images: elsewhere, dryRun: true })).toEqual([digest]);
    expect(existsSync(join(elsewhere, digest))).toBe(true);
    expect(await pruneImages([], { images: elsewhere })).toEqual([digest]);
    expect(existsSync(join(elsewhere, digest))).toBe(false);
  });
});
