/* An image that was touched is found before it is used; a copy of one is not taken for damaged. */
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { checkBeforeUse, checkImage } from "../../../src/image/check-image.ts";
import {
  listImages,
  removeImage,
  resolveImage,
  writeName,
  type ResolvedImage,
} from "../../../src/image/image-store.ts";
import { readSeal, sealHolds, settledMs } from "../../../src/image/seal.ts";
import { digestOfListing, listTree, stampOf } from "../../../src/image/tree-listing.ts";
import { putImage } from "./put-image.ts";

let folder: string;
let image: ResolvedImage;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sameseed-check-"));
  const { digest } = putImage(folder, "abc");
  const root = join(folder, digest, "rootfs");
  symlinkSync("content", join(root, "link"));
  mkdirSync(join(root, "empty"));
  chmodSync(join(root, "empty"), 0o755);
  chmodSync(join(root, "content"), 0o644);
  image = rename(root);
  await sleep(2 * settledMs);
  checkImage(image);
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The image whose tree lies at `root`, under the digest it has now. */
function rename(root: string): ResolvedImage {
  const place = join(root, "..");
  const manifest = JSON.parse(readFileSync(join(place, "image.json"), "utf8")) as ResolvedImage["manifest"];
  const { digest } = digestOfListing(listTree(root), manifest);
  writeFileSync(join(place, "image.json"), JSON.stringify({ ...manifest, digest }));
  renameSync(place, join(folder, digest));
  return resolveImage(digest, folder);
}

const inPlace = (path: string): string => join(image.rootfs, path);

/** Overwrites the file with as many bytes, and puts its time back, as a program can. */
function overwrite(path: string): void {
  const { atime, mtime } = lstatSync(path);
  writeFileSync(path, "xyz");
  utimesSync(path, atime, mtime);
}

const changes: readonly [what: string, change: () => void, said: string][] = [
  ["a file with other bytes", () => appendFileSync(inPlace("content"), "x"), "/content has other content"],
  ["other bytes, with size and time kept", () => overwrite(inPlace("content")), "/content has other content"],
  ["a file put in another's place", replaceFile, "/content has other content"],
  ["a new file", () => writeFileSync(inPlace("more"), ""), "/more was added"],
  [
    "a new file far below",
    () => writeFileSync(inPlace("opt/python/bin/x"), ""),
    "/opt/python/bin/x was added",
  ],
  ["a lost file", () => rmSync(inPlace("content")), "/content is gone"],
  ["a lost folder", () => rmSync(inPlace("empty"), { recursive: true }), "/empty is gone"],
  ["another mode", () => chmodSync(inPlace("content"), 0o755), "/content has the mode 755, not 644"],
  ["a folder's mode", () => chmodSync(inPlace("empty"), 0o777), "/empty has the mode 777, not 755"],
  ["a link led elsewhere", redirect, "/link links to another place"],
  ["a pipe", () => execFileSync("mkfifo", [inPlace("pipe")]), "/pipe was added"],
  ["a file that became a link", becomeLink, "/content is no longer a file"],
];

function replaceFile(): void {
  const { atime, mtime } = lstatSync(inPlace("content"));
  writeFileSync(join(folder, "other"), "xyz");
  utimesSync(join(folder, "other"), atime, mtime);
  renameSync(join(folder, "other"), inPlace("content"));
}

function redirect(): void {
  unlinkSync(inPlace("link"));
  symlinkSync("empty", inPlace("link"));
}

function becomeLink(): void {
  rmSync(inPlace("content"));
  symlinkSync("link", inPlace("content"));
}

describe.each([
  ["before use", checkBeforeUse],
  ["on demand", checkImage],
])("a check %s", (_name, check) => {
  it("passes what is as it was built", () => {
    check(image);
  });

  it.for(changes)("notices %s, and names it", ([, change, said]) => {
    change();
    expect(() => check(image)).toThrow(
      expect.objectContaining({
        code: "image_damaged",
        message: `image ${image.manifest.digest} is damaged: ${said}`,
        context: { image: image.manifest.digest, changes: [said], changed: 1 },
      }),
    );
    // It stays so: nothing was sealed.
    expect(() => check(image)).toThrow(expect.objectContaining({ code: "image_damaged" }));
  });
});

describe("a check before use", () => {
  it("counts what else is changed", () => {
    writeFileSync(inPlace("a"), "");
    chmodSync(inPlace("content"), 0o755);
    expect(() => checkBeforeUse(image)).toThrow("/a was added, and 1 more of its entries are not as built");
  });

  it("notices facts that are not those of the digest", () => {
    const file = join(image.rootfs, "..", "image.json");
    writeFileSync(file, JSON.stringify({ ...image.manifest, python: "3.99.0" }));
    expect(() => checkBeforeUse(resolveImage(image.manifest.digest, folder))).toThrow(
      expect.objectContaining({ code: "image_damaged" }),
    );
  });

  it("reads no file where all stamps hold, which only the full check then can tell", () => {
    // What somebody who may write to the store can do: the seal is no signature.
    const seal = readFileSync(image.seal!, "utf8");
    const before = stampOf(inPlace("content"));
    expect(seal).toContain(before);
    overwrite(inPlace("content"));
    writeFileSync(image.seal!, seal.replace(before, stampOf(inPlace("content"))));
    checkBeforeUse(image);
    expect(() => checkImage(image)).toThrow("/content has other content");
  });

  it("is made once in a process", () => {
    checkBeforeUse(image);
    appendFileSync(inPlace("content"), "x");
    checkBeforeUse(image);
  });

  it.for<[string, (path: string) => void]>([
    ["no seal", (path) => rmSync(path)],
    ["a seal cut short", (path) => writeFileSync(path, readFileSync(path, "utf8").slice(0, -20))],
    ["a seal of another listing", (path) => forge(path, '"file"', '"folder"')],
    ["a seal of another form", (path) => writeFileSync(path, '{"format":1,"root":"","entries":[null]}')],
    ["a seal that says nothing", (path) => writeFileSync(path, "null")],
  ])("reads everything where there is %s, and seals it", ([, spoil]) => {
    spoil(image.seal!);
    expect(readSeal(image.seal!, image.manifest)).toBeUndefined();
    checkBeforeUse(image);
    expect(holds(image)).toBe(true);
  });

  it("says what it can where there is no seal and other content", () => {
    rmSync(image.seal!);
    appendFileSync(inPlace("content"), "x");
    expect(() => checkBeforeUse(image)).toThrow("its files are not those it was built with");
  });
});

describe("a store that was copied or restored", () => {
  it("is read once, and sealed anew where it lies", async () => {
    const copied = join(folder, "copied");
    cpSync(join(folder, image.manifest.digest), join(copied, image.manifest.digest), {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
    });
    const there = resolveImage(image.manifest.digest, copied);
    // What was changed just now could be changed again without showing it.
    checkImage(there);
    expect(holds(there)).toBe(false);
    await sleep(2 * settledMs);
    checkBeforeUse(there);
    expect(holds(there)).toBe(true);
    expect(holds(image)).toBe(true);
  });

  it("is refused where something was changed on the way", () => {
    const copied = join(folder, "copied");
    execFileSync("mkdir", [copied]);
    execFileSync("cp", ["-a", join(folder, image.manifest.digest), copied]);
    const there = resolveImage(image.manifest.digest, copied);
    overwrite(join(there.rootfs, "content"));
    expect(() => checkBeforeUse(there)).toThrow("/content has other content");
    expect(holds(there)).toBe(false);
  });
});

describe("the hint of a damaged image", () => {
  const hint = (): string | undefined => {
    try {
      checkImage(image);
    } catch (error) {
      return (error as { hint?: string }).hint;
    }
    return undefined;
  };

  it("is what brings it back by its name, or takes it away where it has none", async () => {
    appendFileSync(inPlace("content"), "x");
    expect(hint()).toContain(`sameseed image rm ${image.manifest.digest}`);
    writeName("mine", { digest: image.manifest.digest }, folder);
    expect(hint()).toContain("sameseed image build mine ");
    writeName("gymnasium", { digest: image.manifest.digest }, folder);
    expect(hint()).toContain("sameseed setup");
    await removeImage(image.manifest.digest, folder);
    expect(listImages(folder)).toEqual([]);
  });
});

function holds({ rootfs, seal, manifest }: ResolvedImage): boolean {
  const found = readSeal(seal!, manifest);
  return found !== undefined && sealHolds(rootfs, found);
}

function forge(path: string, before: string, after: string): void {
  const text = readFileSync(path, "utf8");
  expect(text).toContain(before);
  writeFileSync(path, text.replace(before, after));
}
