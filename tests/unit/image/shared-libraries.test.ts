/*
 * A program of a wheel whose library lies beside it: in a sandbox the loader cannot tell where the program is, so the image's
 * copy of it names the folder.
 */
import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";

import { findBubblewrap } from "../../../src/image/find-bubblewrap.ts";
import { copySharedLibraries, mergedPath } from "../../../src/image/shared-libraries.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "libraries-"));
  folders.push(folder);
  return folder;
}

function compile(folder: string, name: string, source: string, ...args: readonly string[]): void {
  const file = join(temporaryFolder(), "source.c");
  writeFileSync(file, source);
  execFileSync("cc", ["-o", join(folder, name), file, ...args]);
}

/** Where the C library of a program lies in an image. */
function libraryFolder(program: string): string {
  const libc = /libc\.so\.6 => (\S+)/.exec(execFileSync("ldd", [program]).toString())?.[1];
  return mergedPath(dirname(libc!));
}

/** How a program of a tree ends in a sandbox that has the tree and no /proc. */
async function statusIn(root: string, program: string): Promise<number | null> {
  const bubblewrap = await findBubblewrap();
  const { status } = spawnSync(bubblewrap!.path, ["--unshare-all", "--ro-bind", root, "/", program]);
  return status;
}

test("each program finds what lies beside itself without /proc, and libraries of one name are not mixed up", async () => {
  const root = temporaryFolder();
  const variants = { first: 41, second: 51 };
  const programs = Object.entries(variants).map(([name, value]) => {
    const [engine, libs] = [join(root, "opt", name, "bin"), join(root, "opt", name, "lib")];
    for (const folder of [engine, libs]) mkdirSync(folder, { recursive: true });
    const shared = ["-shared", "-fPIC"];
    compile(libs, "libinner.so", `int inner(void) { return ${value}; }`, ...shared);
    const inner = ["-L", libs, "-l:libinner.so", "-Wl,-rpath,$ORIGIN"];
    compile(
      libs,
      "libouter.so",
      "int inner(void); int outer(void) { return inner() + 1; }",
      ...shared,
      ...inner,
    );
    const path = name === "first" ? "$ORIGIN/../lib" : "/nowhere:${ORIGIN}/../lib";
    const outer = ["-L", libs, "-l:libouter.so", `-Wl,-rpath,${path}`, `-Wl,-rpath-link,${libs}`];
    compile(engine, "engine", "int outer(void); int main(void) { return outer(); }", ...outer);
    return join(engine, "engine");
  });
  const library = join(root, "opt", "first", "lib", "libouter.so");
  const [size, before] = [statSync(programs[0]!).size, readFileSync(library)];
  const other = join(root, "same");
  linkSync(programs[0]!, other);

  await copySharedLibraries(root);
  // As every image has them.
  for (const name of ["lib", "lib64"]) symlinkSync(`usr/${name}`, join(root, name));
  const started = await Promise.all(
    programs.map(async (path) => await statusIn(root, path.slice(root.length))),
  );
  expect(started).toEqual([42, 52]);
  expect(readlinkSync(join(root, "o", "0000"))).toBe("../opt/first/bin");
  // A library knows its folder, and nothing of a program but the path is written over, in the image's own copy.
  expect(readFileSync(library)).toEqual(before);
  expect([statSync(programs[0]!).size, statSync(programs[0]!).mode & 0o777]).toEqual([size, 0o755]);
  expect(existsSync(join(root, libraryFolder(other), "libouter.so"))).toBe(false);
});

test("an image that has something where programs find their folders is not built", async () => {
  const root = temporaryFolder();
  mkdirSync(join(root, "o"));
  compile(root, "libown.so", "int own(void) { return 0; }", "-shared", "-fPIC");
  const own = ["-L", root, "-l:libown.so", "-Wl,-rpath,$ORIGIN"];
  compile(root, "program", "int own(void); int main(void) { return own(); }", ...own);
  await expect(copySharedLibraries(root)).rejects.toMatchObject({
    code: "image_build_failed",
    message: "the image has something at /o",
  });
});

/** A tree with a program, and with libraries that write a file where their code runs. */
function treeWith(...args: readonly string[]): { root: string; ran: string; system: Set<string> } {
  const root = temporaryFolder();
  const ran = join(temporaryFolder(), "ran");
  compile(root, "program", "int main(void) { return 0; }", ...args);
  const folder = libraryFolder(join(root, "program"));
  mkdirSync(join(root, folder), { recursive: true });
  // What a shell on the host is linked to, with enough in it that one would start.
  const write = `{ FILE *f = fopen("${ran}", "w"); if (f) fclose(f); }`;
  const names = "tgetent tgetflag tgetnum tgetstr tgoto tputs".split(" ");
  const code = `#include <stdio.h>
    __attribute__((constructor)) static void run(void) ${write}
    unsigned la_version(unsigned version) ${write.replace(/}$/, "return version; }")}
    char PC, *BC, *UP; short ospeed; ${names.map((name) => `int ${name}(void) { return 0; }`).join(" ")}`;
  for (const name of ["libtinfo.so.6", "libplanted.so.1"])
    compile(join(root, folder), name, code, "-shared", "-fPIC", `-Wl,-soname,${name}`);
  const needs = ["-L", join(root, folder), "-l:libplanted.so.1", "-Wl,--no-as-needed"];
  compile(root, "user", "int tgetnum(void); int main(void) { return tgetnum(); }", ...needs);
  const system = new Set(["libtinfo.so.6", "libplanted.so.1"].map((name) => join(folder, name)));
  return { root, ran, system };
}

test("no code of the tree runs while libraries are collected", async () => {
  const { root, ran, system } = treeWith();
  await copySharedLibraries(root, system);
  expect(existsSync(ran)).toBe(false);
});

test("a file whose libraries the loader would run is refused", async () => {
  const { root, ran, system } = treeWith("-Wl,--audit=libplanted.so.1");
  await expect(copySharedLibraries(root, system)).rejects.toMatchObject({
    code: "image_build_failed",
    message: "/program names libraries that watch the loader",
  });
  expect(existsSync(ran)).toBe(false);
});
