import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildImage } from "../../../src/image/build-image.ts";
import { checkBeforeUse, checkImage } from "../../../src/image/check-image.ts";
import { listImages, removeImage, resolveImage, type ResolvedImage } from "../../../src/image/image-store.ts";
import { readSeal, sealHolds } from "../../../src/image/seal.ts";
import { listTree } from "../../../src/image/tree-listing.ts";
import { makeLocalWheels, type LocalWheels } from "./local-wheel.ts";

let folder: string;
let images: string;
let elsewhere: string;
let wheels: LocalWheels;
let built: ResolvedImage;

const build = (over: Partial<Parameters<typeof buildImage>[0]> = {}): Promise<ResolvedImage> =>
  buildImage({
    name: "tiny",
    requirements: wheels.lock,
    findLinks: wheels.findLinks,
    sources: join(folder, "sources"),
    images,
    ...over,
  });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sameseed-image-"));
  images = join(folder, "images");
  elsewhere = join(folder, "elsewhere");
  wheels = makeLocalWheels(folder);
  makeSources(join(folder, "sources"));
  built = await build();
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("a built image", () => {
  it("says what it is made of", () => {
    expect(built.manifest.packages).toEqual({ tinywheel: "1.0" });
    expect(built.manifest.python).toMatch(/^3\.\d+\.\d+/);
    expect(built.rootfs).toBe(join(images, built.manifest.digest, "rootfs"));
    const files = listTree(built.rootfs).filter((entry) => entry.type === "file");
    expect(files.length).toBe(built.manifest.files);
    expect(files.reduce((sum, file) => sum + file.sizeBytes, 0)).toBe(built.manifest.sizeBytes);
  });

  it("is sealed as it lies in the store", () => {
    const seal = readSeal(built.seal!, built.manifest);
    expect(seal?.entries.length).toBe(listTree(built.rootfs).length);
    expect(sealHolds(built.rootfs, seal!)).toBe(true);
  });

  it("is readable for every id and gives nobody another's", () => {
    for (const entry of listTree(built.rootfs)) {
      if (entry.type === "folder") expect(entry.mode, entry.path).toBe(0o755);
      if (entry.type === "file") expect([0o644, 0o755], entry.path).toContain(entry.mode);
    }
  });

  it("has no link that leads out, no test suites and no trace of the installation", () => {
    const entries = listTree(built.rootfs);
    expect(entries.filter((entry) => entry.type === "link" && entry.content.startsWith("/"))).toEqual([]);
    const names = new Set(entries.map((entry) => entry.path.split("/").at(-1)));
    for (const name of [
      "direct_url.json",
      "REQUESTED",
      "INSTALLER",
      "RECORD",
      "ensurepip",
      "idlelib",
      "tinywheel",
    ]) {
      expect(names.has(name), name).toBe(name === "tinywheel");
    }
    expect(entries.filter((entry) => /^opt\/python\/lib\/python3\.\d+\/test/.test(entry.path))).toEqual([]);
    expect(readdirSync(images).filter((name) => name.startsWith(".build"))).toEqual([]);
  });

  it("has bytecode that is never checked against its source, for every Python file", () => {
    const entries = listTree(built.rootfs).map((entry) => entry.path);
    const bytecode = entries.filter((path) => path.endsWith(".pyc"));
    expect(bytecode.length).toBe(entries.filter((path) => path.endsWith(".py")).length);
    for (const path of bytecode.slice(0, 20)) {
      expect(readFileSync(join(built.rootfs, path)).readUInt32LE(4), path).toBe(0b01);
    }
  });

  it("carries every library its programs need", () => {
    const loader = readdirSync(join(built.rootfs, "usr"), { recursive: true, encoding: "utf8" }).find(
      (path) => /\/ld-linux[^/]*$/.test(path),
    );
    const libraries = join(
      built.rootfs,
      "usr/lib",
      `${process.arch === "x64" ? "x86_64" : "aarch64"}-linux-gnu`,
    );
    const libraryFolder = existsSync(join(libraries, "libc.so.6"))
      ? libraries
      : join(built.rootfs, "usr/lib64");
    const python = join(built.rootfs, "opt/python/bin/python3");
    const own = `import sys; sys.path.append('${built.rootfs}/opt/sameseed'); from sameseed import words, _zygote`;
    const program = `import ssl, sqlite3, ctypes, tinywheel; ${own}; print(words.WORD, _zygote.ANSWER, tinywheel.__file__)`;
    const args = ["--inhibit-cache", "--library-path", libraryFolder, python, "-c", program];
    const output = execFileSync(join(built.rootfs, "usr", loader ?? ""), args, { env: {}, encoding: "utf8" });
    expect(output).toContain(`ours 42 ${built.rootfs}/opt/python/lib/`);
  });
});

it("takes no library of the host that only unused modules of the standard library ask for", () => {
  const paths = listTree(built.rootfs).map((entry) => entry.path);
  const unused =
    /lib(com_err|krb5|gssapi_krb5|tirpc|nsl|readline|crypt|gdbm|db-5)[.-]|lib-dynload\/(nis|readline|spwd)\./;
  expect(paths.filter((path) => unused.test(path))).toEqual([]);
});

describe("building again", () => {
  it("elsewhere, twice at the same time, gives one image and the same bytes, and sweeps what a killed build left", async () => {
    mkdirSync(join(elsewhere, `.build-4194305-1-${namespace()}-00000000`, "image"), { recursive: true });
    const both = [build({ images: elsewhere, name: "one" }), build({ images: elsewhere, name: "two" })];
    for (const image of await Promise.all(both)) {
      expect(image.manifest).toEqual(built.manifest);
      expect(contentOf(image.rootfs)).toEqual(contentOf(built.rootfs));
    }
    expect(listImages(elsewhere)).toEqual([{ manifest: built.manifest, names: ["one", "two"] }]);
    expect(readdirSync(elsewhere).filter((name) => name.startsWith(".build"))).toEqual([]);
  });

  it("of unchanged inputs builds nothing, under another name too", async () => {
    const told: string[] = [];
    const again = await build({ name: "again", onProgress: (message) => told.push(message) });
    expect(told).toEqual([]);
    expect(again.manifest.digest).toBe(built.manifest.digest);
    await removeImage("again", images);
    expect(resolveImage("tiny", images).manifest.digest).toBe(built.manifest.digest);
  });

  it("when interrupted leaves nothing", async () => {
    const controller = new AbortController();
    const interrupted = join(folder, "interrupted");
    const building = build({
      images: interrupted,
      signal: controller.signal,
      onProgress: (message) => {
        if (message.startsWith("Installing")) controller.abort();
      },
    });
    await expect(building).rejects.toMatchObject({ code: "aborted" });
    expect(readdirSync(interrupted)).toEqual([]);
  });

  it("replaces an image whose files were changed, though its inputs were not", async () => {
    const image = resolveImage("one", elsewhere);
    const file = join(image.rootfs, "etc/hosts");
    const { atime, mtime } = lstatSync(file);
    const size = readFileSync(file).length;
    writeFileSync(file, "x".repeat(size));
    utimesSync(file, atime, mtime);
    expect(() => checkBeforeUse(image)).toThrow(
      expect.objectContaining({
        code: "image_damaged",
        message: "image one is damaged: /etc/hosts has other content",
        hint: expect.stringContaining("sameseed image build one ") as string,
      }),
    );
    const told: string[] = [];
    await build({ images: elsewhere, name: "one", trustPresent: true, onProgress: (m) => told.push(m) });
    expect(told).toEqual([]);
    const again = await build({ images: elsewhere, name: "one", onProgress: (m) => told.push(m) });
    expect(told[0]).toBe("Building it again: image one is damaged: /etc/hosts has other content");
    checkBeforeUse(again);
    checkImage(again);
  });
});

describe("refusals", () => {
  it("a wheel that is not the lock's", async () => {
    const other = makeLocalWheels(join(folder, "forged"), "tinywheel", "VALUE = 666\n");
    await expect(build({ images: join(folder, "x"), findLinks: other.findLinks })).rejects.toMatchObject({
      code: "image_build_failed",
      hint: expect.stringContaining("not the one the lock names") as string,
    });
  });

  it("a package that is not to be had, with what failed and the fix", async () => {
    const empty = join(folder, "empty");
    mkdirSync(empty, { recursive: true });
    await expect(build({ images: join(folder, "x"), findLinks: empty })).rejects.toMatchObject({
      code: "image_build_failed",
      message: expect.stringContaining("tinywheel==1.0") as string,
      hint: expect.any(String) as string,
    });
  });

  it("names that are not names, and interpreters that are not Python", async () => {
    for (const name of ["../x", "", ".", "a/b", "A", "x".repeat(65), "0".repeat(64), "a\0b", "-x"]) {
      await expect(build({ name }), name).rejects.toMatchObject({ code: "bad_argument" });
    }
    await expect(build({ python: "/bin/true" })).rejects.toThrow("/bin/true is not Python");
  });

  it("a folder that cannot be written to", async () => {
    const file = join(folder, "a-file");
    writeFileSync(file, "");
    await expect(build({ images: join(file, "images") })).rejects.toMatchObject({ code: "io_failed" });
  });
});

/** A stand-in for this package's own files: what is tested is that they get where they belong. */
function makeSources(root: string): void {
  for (const name of ["python/sameseed", "python/envs", "native/zygote"])
    mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, "python/sameseed/words.py"), 'WORD = "ours"\n');
  writeFileSync(join(root, "native/answer.h"), "#define ANSWER 42\n");
  const methods = `static PyMethodDef none[] = {{NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_zygote", __FILE__, 0, none, NULL, NULL, NULL, NULL};
PyMODINIT_FUNC PyInit__zygote(void) {
  PyObject *made = PyModule_Create(&module);
  PyModule_AddIntConstant(made, "ANSWER", ANSWER);
  return made;
}`;
  writeFileSync(
    join(root, "native/zygote/zygote.c"),
    `#include <Python.h>\n#include "answer.h"\n${methods}\n`,
  );
}

/** A tree's listing without what is its own in each place. */
function contentOf(root: string): unknown[] {
  return listTree(root).map((entry) => ({ ...entry, stamp: "" }));
}

function namespace(): string {
  return execFileSync("readlink", ["/proc/self/ns/pid"], { encoding: "utf8" }).replaceAll(/\D/g, "");
}
