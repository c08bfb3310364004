/* Files and variables that an image gets besides packages are part of what it is. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyExtras, readExtras } from "../../../src/image/added-files.ts";
import { digestOfListing, type ImageFacts } from "../../../src/image/tree-listing.ts";
import { imageManifestSchema } from "../../../src/model/image-manifest.ts";

let folder: string;
let maps: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sameseed-added-"));
  maps = join(folder, "maps");
  mkdirSync(join(maps, "small"), { recursive: true });
  writeFileSync(join(maps, "small/one.txt"), "S..G\n");
  symlinkSync("small/one.txt", join(maps, "default"));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("added files", () => {
  it("lie where they were asked for, beside others, and replace nothing", () => {
    const root = join(folder, "root");
    mkdirSync(join(root, "data"), { recursive: true });
    const single = join(maps, "small/one.txt");
    copyExtras(
      readExtras([
        { from: maps, to: "/data/maps" },
        { from: single, to: "/words/list" },
      ]),
      root,
    );
    expect(readFileSync(join(root, "data/maps/default"), "utf8")).toBe("S..G\n");
    expect(readFileSync(join(root, "words/list"), "utf8")).toBe("S..G\n");
    for (const [from, to] of [
      [maps, "/data/maps"],
      [single, "/words/list"],
      [maps, "/words/list"],
    ] as const) {
      expect(() => copyExtras(readExtras([{ from, to }]), root)).toThrow(
        expect.objectContaining({ code: "bad_argument" }),
      );
    }
  });

  it("are named by their contents and their place, not by where they came from", () => {
    const before = readExtras([{ from: maps, to: "/data/maps" }]).digest;
    expect(readExtras([{ from: `${maps}/../maps`, to: "/data/maps" }]).digest).toBe(before);
    expect(readExtras([{ from: maps, to: "/data/other" }]).digest).not.toBe(before);
    writeFileSync(join(maps, "small/one.txt"), "S.HG\n");
    expect(readExtras([{ from: maps, to: "/data/maps" }]).digest).not.toBe(before);
  });

  it.for([
    "data",
    "/",
    "/a/../b",
    "/tmp/x",
    "/dev/x",
    "/opt/sameseed/x",
    "/opt/python/lib/x",
    "/a/",
    "/proc",
  ])("cannot lie at %s", (to) => {
    expect(() => readExtras([{ from: maps, to }])).toThrow(expect.objectContaining({ code: "bad_argument" }));
  });

  it("that are not there are said to be missing", () => {
    expect(() => readExtras([{ from: join(folder, "absent"), to: "/data" }])).toThrow(
      expect.objectContaining({ code: "io_failed" }),
    );
  });
});

describe("variables of an image", () => {
  const facts: ImageFacts = {
    format: 1,
    python: "3",
    architecture: "x",
    libc: "l",
    packages: {},
    runtime: "r",
    lock: "l",
  };

  it("change its digest, in any order; an image without any keeps the digest it always had", () => {
    const digest = (env?: Record<string, string>): string =>
      digestOfListing([], env === undefined ? facts : { ...facts, env }).digest;
    expect(digest()).toBe(digestOfListing([], facts).digest);
    expect(digest({ A: "1", B: "2" })).toBe(digest({ B: "2", A: "1" }));
    expect(new Set([digest(), digest({ A: "1" }), digest({ A: "2" }), digest({ B: "1" })]).size).toBe(4);
  });

  it.for([
    "LD_PRELOAD",
    "PYTHONHASHSEED",
    "PYTHONPATH",
    "OPENBLAS_CORETYPE",
    "NPY_ENABLE_CPU_FEATURES",
    "PATH",
    "TZ",
    "A=B",
    "",
    "1A",
    "SAMESEED_X",
  ])("are not %s: at the build, nor in a manifest from elsewhere", (name) => {
    expect(() => readExtras([], { [name]: "1" })).toThrow(expect.objectContaining({ code: "bad_argument" }));
    const manifest = { ...facts, digest: "0".repeat(64), sizeBytes: 0, files: 0 };
    expect(imageManifestSchema.safeParse(manifest).success).toBe(true);
    expect(imageManifestSchema.safeParse({ ...manifest, env: { [name]: "1" } }).success).toBe(false);
  });
});
