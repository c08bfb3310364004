/* Debian packages in an image, without a network: the packages are made here. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readExtras } from "../../../src/image/added-files.ts";
import { lockSystemPackages } from "../../../src/image/apt.ts";
import { buildImage } from "../../../src/image/build-image.ts";
import { findOnPath } from "../../../src/image/find-python.ts";
import type { ResolvedImage } from "../../../src/image/image-store.ts";
import { shippedEnv } from "../../../src/image/shipped-images.ts";
import { copySharedLibraries, parseLdd } from "../../../src/image/shared-libraries.ts";
import { parseSystemLock } from "../../../src/image/system-lock.ts";
import { unpackSystem } from "../../../src/image/system-packages.ts";
import { listTree } from "../../../src/image/tree-listing.ts";

let folder: string;
let debs: string;
let lines: Record<"inner" | "outer" | "clash" | "sandboxed", string>;

/** The folder in which the loader always looks, by the multi-arch name of this host. */
const libraries = `usr/lib/${execFileSync("cc", ["-print-multiarch"]).toString().trim()}`;

function makeDeb(
  name: string,
  files: (root: string) => void,
  { depends = "", architecture = "all", owners = false } = {},
): string {
  const root = join(folder, `deb-${name}`);
  mkdirSync(join(root, "DEBIAN"), { recursive: true });
  const needs = depends === "" ? "" : `Depends: ${depends}\n`;
  writeFileSync(
    join(root, "DEBIAN/control"),
    `Package: tiny-${name}\nVersion: 1:1.0-1\nArchitecture: ${architecture}\nMaintainer: nobody <nobody@example.invalid>\n${needs}Description: tiny\n`,
  );
  files(root);
  const path = join(debs, `tiny-${name}.deb`);
  execFileSync("dpkg-deb", [...(owners ? [] : ["--root-owner-group"]), "--build", root, path]);
  const hash = createHash("sha256").update(readFileSync(path)).digest("hex");
  return `tiny-${name}=1:1.0-1 ${architecture} sha256:${hash}\n`;
}

function put(root: string, path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

function compileInto(root: string, name: string, source: string, ...args: readonly string[]): void {
  put(folder, "source.c", source);
  mkdirSync(join(root, libraries), { recursive: true });
  const shared = ["-shared", "-fPIC", `-Wl,-soname,${name}`, "-o", join(root, libraries, name)];
  execFileSync("cc", [...shared, join(folder, "source.c"), ...args]);
}

function temporary(): string {
  return mkdtempSync(join(folder, "work-"));
}

/** Unpacks a lock into an empty tree. */
async function unpack(lock: string, findLinks?: string): Promise<string> {
  const root = temporary();
  await unpackSystem(parseSystemLock(join(debs, "x.lock"), lock), root, temporary(), { findLinks });
  return root;
}

beforeAll(() => {
  folder = mkdtempSync(join(realpathSync(tmpdir()), "sameseed-system-"));
  debs = join(folder, "debs");
  mkdirSync(debs);
  writeFileSync(join(folder, "empty.lock"), "");
  for (const name of ["python/sameseed", "python/envs", "native"])
    mkdirSync(join(folder, "sources", name), { recursive: true });
  lines = {
    inner: makeDeb("inner", (root) => {
      compileInto(root, "libtiny-inner.so.1", "int inner(void) { return 41; }");
      put(root, "lib/tiny/data", "merged");
      put(root, "usr/share/doc/tiny/copyright", "left out");
      put(root, "usr/share/tiny/real", "1");
      symlinkSync("/usr/share/tiny/real", join(root, "usr/share/tiny/link"));
      put(root, "usr/bin/cat", "replaces the host's");
    }),
    outer: makeDeb(
      "outer",
      (root) => {
        const needs = ["-L", join(folder, "deb-inner", libraries), "-l:libtiny-inner.so.1"];
        const source = "int inner(void); int outer(void) { return inner() + 1; }";
        compileInto(root, "libtiny-outer.so.1", source, ...needs);
      },
      { depends: "tiny-inner" },
    ),
    clash: makeDeb("clash", (root) => put(root, "usr/share/tiny/real", "2")),
    sandboxed: makeDeb("sandboxed", (root) => put(root, "opt/python/bin/python3", "no")),
  };
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("an image with system packages", () => {
  let built: ResolvedImage;
  beforeAll(async () => {
    const system = join(debs, "tiny.lock");
    writeFileSync(system, lines.outer + lines.inner);
    const requirements = join(folder, "empty.lock");
    const [sources, images] = [join(folder, "sources"), join(folder, "images")];
    built = await buildImage({ name: "tiny", requirements, system, sources, images });
  });

  it("has their files where they belong, and no manuals", () => {
    const at = (path: string): string => join(built.rootfs, path);
    expect(existsSync(at(`${libraries}/libtiny-outer.so.1`))).toBe(true);
    expect(readFileSync(at("usr/lib/tiny/data"), "utf8")).toBe("merged");
    expect(lstatSync(at("lib")).isSymbolicLink()).toBe(true);
    expect(existsSync(at("usr/share/doc"))).toBe(false);
    expect(readlinkSync(at("usr/share/tiny/link"))).toBe("real");
    expect(readlinkSync(at(`${libraries}/libtiny-outer.so`))).toBe("libtiny-outer.so.1");
    expect(readFileSync(at("etc/ld.so.conf"), "utf8")).toBe(`/${libraries}\n`);
    expect(readFileSync(at("usr/bin/cat"), "utf8")).toBe("replaces the host's");
  });

  it("has its Python packages at a path without the version, which variables can name", () => {
    expect(existsSync(join(built.rootfs, "opt/python/site-packages/sameseed.pth"))).toBe(true);
    expect(shippedEnv("mujoco")).toEqual({
      PYGLFW_LIBRARY: "/opt/python/site-packages/glfw/x11/libglfw.so",
    });
  });

  it("says which they are and draws by the processor alone, unless it is told otherwise", () => {
    expect(built.manifest).toMatchObject({
      system: { "tiny-inner": "1:1.0-1", "tiny-outer": "1:1.0-1" },
      env: { LP_NUM_THREADS: "0", SDL_VIDEODRIVER: "dummy" },
    });
    const lock = parseSystemLock("x", lines.inner);
    const { env } = readExtras([], { SDL_VIDEODRIVER: "offscreen" }, lock);
    expect(env).toMatchObject({ LP_NUM_THREADS: "0", SDL_VIDEODRIVER: "offscreen" });
    expect(readExtras([], {}).env).toEqual({});
  });

  it("is the same of the same lock, from a folder of files too, and another with other packages", async () => {
    const reordered = `# in another order\n${lines.inner}${lines.outer}`;
    const [first, second] = [await unpack(lines.outer + lines.inner), await unpack(reordered, debs)];
    const shown = (root: string): unknown =>
      listTree(root).map(({ path, type, mode, content }) => [path, type, mode, content]);
    expect(shown(second)).toEqual(shown(first));
    const digestOf = (text: string): string => readExtras([], {}, parseSystemLock("x", text)).digest;
    expect(digestOf(reordered)).toBe(digestOf(lines.outer + lines.inner));
    expect(digestOf(lines.inner)).not.toBe(digestOf(reordered));
  });

  it("keeps its lock", () => {
    const kept = readFileSync(join(built.rootfs, "../system.lock"), "utf8");
    expect(kept).toBe(lines.outer + lines.inner);
  });

  it("is not built where a package needs a library that none of them has, though the host may have it", async () => {
    const root = temporary();
    const placed = await unpackSystem(parseSystemLock(join(debs, "x"), lines.outer), root, temporary(), {});
    await expect(copySharedLibraries(root, placed)).rejects.toMatchObject({
      code: "image_build_failed",
      message: `/${libraries}/libtiny-outer.so.1 needs libtiny-inner.so.1, which no package of the system lock has`,
    });
    const host = `${root}/${libraries}/libtiny-outer.so.1:\n\tlibz.so.1 => /lib/libz.so.1 (0x1)\n`;
    expect(() => parseLdd(host, "", root, placed)).toThrow(/needs libz\.so\.1, which no package/);
    expect(parseLdd(host, "", root).libraries.get("libz.so.1")).toBe("/lib/libz.so.1");
  });

  it("is not built of a file with another hash, of two packages that disagree, or over the sandbox's own", async () => {
    const wrong = lines.inner.replace(/.\n$/, (last) => (last === "0\n" ? "1\n" : "0\n"));
    const refusals = [
      [wrong, /has no file of tiny-inner=1:1\.0-1 with the hash/],
      [lines.inner + lines.clash, /\/usr\/share\/tiny\/real, as another package has it/],
      [lines.sandboxed, /\/opt\/python\/bin\/python3, which is a place of the sandbox/],
    ] as const;
    for (const [lock, message] of refusals) {
      await expect(unpack(lock, debs)).rejects.toMatchObject({
        code: "image_build_failed",
        message: expect.stringMatching(message) as string,
      });
    }
  });
});

describe("a folder of packages", () => {
  it("may have folders and links that end as packages do", async () => {
    const from = temporary();
    mkdirSync(join(from, "folder.deb"));
    symlinkSync("nothing", join(from, "link.deb"));
    symlinkSync(join(debs, "tiny-clash.deb"), join(from, "clash.deb"));
    const root = await unpack(lines.clash, from);
    expect(readFileSync(join(root, "usr/share/tiny/real"), "utf8")).toBe("2");
  });

  it("has packages of the image's architecture", async () => {
    const files = (root: string): void => {
      put(root, "usr/share/native", "1");
    };
    const own = process.arch === "x64" ? "amd64" : process.arch;
    const other = own === "amd64" ? "arm64" : "amd64";
    await unpack(makeDeb("native", files, { architecture: own }), debs);
    await expect(unpack(makeDeb("foreign", files, { architecture: other }), debs)).rejects.toMatchObject({
      code: "image_build_failed",
      message: `${join(debs, "x.lock")} names tiny-foreign for ${other}, and the image is for ${own}`,
    });
  });
});

describe("an image's files", () => {
  it.skipIf(process.getuid?.() !== 0)(
    "belong to who builds, and are not setuid, whoever made the package",
    async () => {
      const lock = makeDeb(
        "owned",
        (root) => {
          put(root, "usr/share/owned/file", "1");
          put(root, "usr/bin/owned", "2");
          symlinkSync("file", join(root, "usr/share/owned/link"));
          for (const path of ["usr/share/owned/file", "usr/share/owned/link", "usr/bin/owned"])
            lchownSync(join(root, path), 12345, 12345);
          chmodSync(join(root, "usr/bin/owned"), 0o6755);
        },
        { owners: true },
      );
      const root = await unpack(lock);
      for (const path of ["usr/share/owned/file", "usr/share/owned/link", "usr/bin/owned"])
        expect(lstatSync(join(root, path))).toMatchObject({ uid: 0, gid: process.getgid?.() });
      expect(lstatSync(join(root, "usr/bin/owned")).mode & 0o7777).toBe(0o755);
    },
  );
});

describe("a lock of system packages", () => {
  it("is named by what it locks, and refuses what is no lock", () => {
    const a = `a1=1 all sha256:${"a".repeat(64)}\n`;
    const b = `b1=1:2~x+b amd64 sha256:${"b".repeat(64)}\n`;
    expect(parseSystemLock("x", a + b).digest).toBe(parseSystemLock("y", `# ${b}${b}  ${a}`).digest);
    expect(parseSystemLock("x", a).digest).not.toBe(parseSystemLock("x", a + b).digest);
    for (const line of [
      a.replace("=1", ""),
      a.replace("sha256:a", "sha256:"),
      a.replace("a1", "../a"),
      a + a,
    ]) {
      expect(() => parseSystemLock("x", line)).toThrow(
        expect.objectContaining({ code: "bad_argument", message: expect.stringMatching(/^x:\d /) as string }),
      );
    }
  });

  it.skipIf(findOnPath("apt-get") === undefined)(
    "is resolved by apt, files that are given among it",
    async () => {
      const workFolder = mkdtempSync(join(folder, "work-"));
      const paths = ["outer", "inner"].map((name) => join(debs, `tiny-${name}.deb`));
      const found = await lockSystemPackages(paths, { workFolder });
      expect(found.text.replace(/^#.*\n/, "")).toBe(lines.inner + lines.outer);
      await expect(lockSystemPackages(["sameseed-no-such"], { workFolder })).rejects.toMatchObject({
        code: "image_build_failed",
        message: "sameseed-no-such cannot be resolved: Unable to locate package sameseed-no-such",
      });
      for (const name of ["--reinstall", "A_B", "a b", "a=1;x", "http://x.invalid/a"]) {
        await expect(lockSystemPackages([name], { workFolder })).rejects.toMatchObject({
          code: "bad_argument",
        });
      }
    },
  );
});
