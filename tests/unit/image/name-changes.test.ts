/* A name never changes by itself: what the host's upgrades change is said, and the image stays. */
import {
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
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildImage } from "../../../src/image/build-image.ts";
import { resolveImage, type ResolvedImage } from "../../../src/image/image-store.ts";
import { whatChanged } from "../../../src/image/name-changes.ts";
import { readRuntimeFiles } from "../../../src/image/runtime-files.ts";
import { makeLocalWheels, type LocalWheels } from "./local-wheel.ts";

let folder: string;
let images: string;
let sources: string;
let wheels: LocalWheels;
let built: ResolvedImage;

const build = (over: Partial<Parameters<typeof buildImage>[0]> = {}): Promise<ResolvedImage> =>
  buildImage({
    name: "tiny",
    requirements: wheels.lock,
    findLinks: wheels.findLinks,
    sources,
    images,
    ...over,
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sameseed-names-"));
  images = join(folder, "images");
  sources = join(folder, "sources");
  wheels = makeLocalWheels(folder);
  for (const name of ["python/sameseed", "python/envs", "native"])
    mkdirSync(join(sources, name), { recursive: true });
  writeFileSync(join(sources, "python/sameseed/words.py"), "");
  built = await build();
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Makes the record of the build say that a file of the host was another one then. */
function pretendChange(pattern: RegExp): { readonly path: string; readonly putBack: () => void } {
  const file = join(images, "inputs", readdirSync(join(images, "inputs"))[0]!);
  const text = readFileSync(file, "utf8");
  const record = JSON.parse(text) as { files: string[] };
  const index = record.files.findIndex((line) => pattern.test(line));
  const path = record.files[index]!.replace(/ \d+ [\d.]+$/, "");
  record.files[index] = `${path} 1 1`;
  writeFileSync(file, JSON.stringify(record));
  return { path, putBack: () => writeFileSync(file, text) };
}

const changedNow = (): string | undefined =>
  whatChanged("tiny", { images, runtime: readRuntimeFiles(sources) });

describe("a name whose image was built before a library of the host was upgraded", () => {
  it("keeps its image; one line says which file it is and how to build it anew", async () => {
    expect(changedNow()).toBeUndefined();
    const { path, putBack } = pretendChange(/libc\.so\.6/);
    const told: string[] = [];
    const again = await build({ onProgress: (message) => told.push(message) });
    expect(again.manifest).toEqual(built.manifest);
    expect(told).toEqual([
      `The image tiny (${built.manifest.digest.slice(0, 12)}) was built before ${path} changed, and stays as it is; \`sameseed image build tiny … --rebuild\` builds it again.`,
    ]);
    expect(changedNow()).toBe(told[0]);
    putBack();
    expect(changedNow()).toBeUndefined();
  });

  it("is built anew on request, and then nothing has changed any more", async () => {
    pretendChange(/libc\.so\.6/);
    const told: string[] = [];
    await build({ rebuild: true, onProgress: (message) => told.push(message) });
    expect(told).toContain("Collecting shared libraries");
    expect(changedNow()).toBeUndefined();
  });
});

describe("another Python that comes first on PATH", () => {
  it("changes no name, also when it is built anew", async () => {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    for (const name of ["python3", "python3.14", "python3.13", "python3.12", "python3.11", "python"])
      symlinkSync("/bin/false", join(bin, name));
    const before = process.env["PATH"];
    process.env["PATH"] = `${bin}:${before}`;
    try {
      expect((await build()).manifest.digest).toBe(built.manifest.digest);
      expect((await build({ rebuild: true })).manifest.digest).toBe(built.manifest.digest);
    } finally {
      process.env["PATH"] = before;
    }
  });
});

describe("a name that is asked to be something else", () => {
  it("is built: for another lock, and for other files of Sameseed, which are named before", async () => {
    writeFileSync(join(sources, "python/sameseed/words.py"), "WORD = 1\n");
    expect(changedNow()).toMatch(
      /was built before python\/sameseed\/words\.py changed, .*`sameseed image build tiny …`/,
    );
    expect(resolveImage("tiny", images).manifest).toEqual(built.manifest);
    const moved = await build();
    expect(moved.manifest.runtime).not.toBe(built.manifest.runtime);
    const other = makeLocalWheels(join(folder, "other"), "otherwheel");
    const another = await build({ requirements: other.lock, findLinks: other.findLinks });
    expect(another.manifest.packages).toEqual({ otherwheel: "1.0" });
    expect(resolveImage("tiny", images).manifest).toEqual(another.manifest);
  });
});

describe("the beginning of a digest", () => {
  it("names the image where it is long enough and only one has it", () => {
    const { digest } = built.manifest;
    for (const part of [digest.slice(0, 12), digest.slice(0, 7), `sha256:${digest.slice(0, 16)}`])
      expect(resolveImage(part, images)).toMatchObject({ name: digest, manifest: { digest } });
    expect(() => resolveImage(digest.slice(0, 6), images)).toThrow(
      expect.objectContaining({ code: "image_missing" }),
    );
    mkdirSync(join(images, `${digest.slice(0, 60)}abcd`));
    expect(() => resolveImage(digest.slice(0, 12), images)).toThrow(
      expect.objectContaining({
        code: "bad_argument",
        message: expect.stringContaining("2 images") as string,
      }),
    );
  });
});
