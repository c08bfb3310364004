import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compareImages } from "../../../src/image/compare-images.ts";
import { listImages, removeImage, resolveImage, writeName } from "../../../src/image/image-store.ts";
import type { ImageManifest } from "../../../src/model/image-manifest.ts";
import { putImage } from "./put-image.ts";

let images: string;

beforeEach(() => {
  images = mkdtempSync(join(tmpdir(), "sameseed-store-"));
});

afterEach(() => {
  rmSync(images, { recursive: true, force: true });
});

const put = (content: string): ImageManifest => putImage(images, content);

describe("resolveImage", () => {
  it("finds an image by name and by digest, with and without its prefix", () => {
    const manifest = put("a");
    writeName("first", { digest: manifest.digest }, images);
    for (const name of ["first", manifest.digest, `sha256:${manifest.digest}`]) {
      expect(resolveImage(name, images)).toEqual({
        name,
        manifest,
        rootfs: join(images, manifest.digest, "rootfs"),
        seal: join(images, manifest.digest, "seal.json"),
      });
    }
  });

  it("says what is missing, and how to get it", () => {
    const missing = { code: "image_missing", hint: expect.stringContaining("sameseed") as string };
    for (const name of ["nothing", "gymnasium", "0".repeat(64)]) {
      expect(() => resolveImage(name, images)).toThrow(expect.objectContaining(missing));
    }
    expect(() => resolveImage("nothing", join(images, "absent"))).toThrow(expect.objectContaining(missing));
  });

  it("refuses names that would leave the store", () => {
    for (const name of ["../x", "names/x", "/etc", "..", "a\0b"]) {
      expect(() => resolveImage(name, images)).toThrow(expect.objectContaining({ code: "bad_argument" }));
      expect(() => writeName(name, { digest: "0".repeat(64) }, images)).toThrow(
        expect.objectContaining({ code: "bad_argument" }),
      );
    }
  });

  it("reports a damaged image", () => {
    const manifest = put("a");
    const file = join(images, manifest.digest, "image.json");
    const broken = ["", "{", "{}", JSON.stringify({ ...manifest, digest: "0".repeat(64) })];
    for (const text of broken) {
      writeFileSync(file, text);
      expect(() => resolveImage(manifest.digest, images)).toThrow(
        expect.objectContaining({ code: "image_damaged" }),
      );
    }
    writeFileSync(file, JSON.stringify(manifest));
    rmSync(join(images, manifest.digest, "rootfs/opt"), { recursive: true });
    expect(() => resolveImage(manifest.digest, images)).toThrow(
      expect.objectContaining({ code: "image_damaged" }),
    );
  });

  it("reports a name file that is not one", () => {
    mkdirSync(join(images, "names"));
    writeFileSync(join(images, "names", "bad.json"), '{"digest":"../../etc"}');
    expect(() => resolveImage("bad", images)).toThrow(
      expect.objectContaining({
        code: "image_damaged",
        hint: expect.stringContaining("image build bad") as string,
      }),
    );
    // It names no image, and keeps nobody from the others.
    const { digest } = put("a");
    expect(listImages(images)).toMatchObject([{ manifest: { digest }, names: [] }]);
  });
});

describe("listImages and removeImage", () => {
  it("lists every image with its names, and nothing where there is no store", () => {
    const [a, b] = [put("a"), put("b")];
    writeName("two", { digest: a.digest }, images);
    writeName("one", { digest: a.digest }, images);
    const expected = [
      { manifest: a, names: ["one", "two"] },
      { manifest: b, names: [] },
    ];
    expect(listImages(images)).toEqual(
      expected.sort((x, y) => (x.manifest.digest < y.manifest.digest ? -1 : 1)),
    );
    expect(listImages(join(images, "absent"))).toEqual([]);
  });

  it("removes a name alone while another needs the files, then the files", async () => {
    const { digest } = put("a");
    writeName("one", { digest: digest }, images);
    writeName("two", { digest: digest }, images);
    await removeImage("one", images);
    expect(() => resolveImage("one", images)).toThrow(expect.objectContaining({ code: "image_missing" }));
    expect(resolveImage("two", images).manifest.digest).toBe(digest);
    await removeImage("two", images);
    expect(readdirSync(images)).toEqual(["names"]);
  });

  it("removes an image by digest with all its names, a damaged one too", async () => {
    const { digest } = put("a");
    writeName("one", { digest: digest }, images);
    writeFileSync(join(images, digest, "image.json"), "");
    await removeImage(digest, images);
    expect(readdirSync(join(images, "names"))).toEqual([]);
    expect(readdirSync(images)).toEqual(["names"]);
  });

  it("refuses to remove what is not there, or outside the store", async () => {
    await expect(removeImage("nothing", images)).rejects.toMatchObject({ code: "image_missing" });
    await expect(removeImage("0".repeat(64), images)).rejects.toMatchObject({ code: "image_missing" });
    await expect(removeImage("../images", images)).rejects.toMatchObject({ code: "bad_argument" });
  });
});

describe("compareImages", () => {
  it("finds nothing between an image and itself", () => {
    const manifest = put("a");
    expect(compareImages(manifest, manifest)).toEqual([]);
  });

  it("names every fact that differs", () => {
    const recorded = put("a");
    const present: ImageManifest = {
      ...recorded,
      digest: "1".repeat(64),
      python: "3.12.1",
      packages: { numpy: "2.4.5", gymnasium: "1.4.0" },
      system: { libgl1: "1.6.0-1" },
    };
    expect(compareImages(recorded, present)).toEqual([
      { what: "python", recorded: "3.11.7", present: "3.12.1" },
      { what: "gymnasium", recorded: undefined, present: "1.4.0" },
      { what: "numpy", recorded: "2.4.6", present: "2.4.5" },
      { what: "system package libgl1", recorded: undefined, present: "1.6.0-1" },
    ]);
  });

  it("says that files differ where no fact does", () => {
    const [a, b] = [put("a"), put("b")];
    expect(compareImages(a, b)).toEqual([{ what: "files", recorded: a.digest, present: b.digest }]);
  });
});
