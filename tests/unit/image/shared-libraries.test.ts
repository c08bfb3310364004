/*
 * A program of a wheel whose library lies beside it: in a sandbox the loader cannot tell where the program is, so the image
 * has the library where the loader always looks.
 */
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";

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

test("what a program finds beside itself is found without $ORIGIN, and a library's own findings stay where they are", async () => {
  const root = temporaryFolder();
  const engine = join(root, "opt", "engine");
  const libs = join(root, "opt", "engine.libs");
  for (const folder of [engine, libs]) mkdirSync(folder, { recursive: true });
  compile(libs, "libinner-1a2b.so", "int inner(void) { return 41; }", "-shared", "-fPIC");
  const origin = "-Wl,-rpath,$ORIGIN";
  const inner = ["-L", libs, "-l:libinner-1a2b.so", origin];
  compile(
    libs,
    "libouter-3c4d.so",
    "int inner(void); int outer(void) { return inner() + 1; }",
    "-shared",
    "-fPIC",
    ...inner,
  );
  compile(
    libs,
    "libalone-5e6f.so",
    "int inner(void); int f(void) { return inner(); }",
    "-shared",
    "-fPIC",
    ...inner,
  );
  const program = join(engine, "engine");
  compile(
    engine,
    "engine",
    "int outer(void); int main(void) { return outer(); }",
    "-L",
    libs,
    "-l:libouter-3c4d.so",
    "-Wl,-rpath,$ORIGIN/../engine.libs",
  );

  await copySharedLibraries(root);
  const place = join(root, libraryFolder(program));
  expect(readlinkSync(join(place, "libouter-3c4d.so"))).toMatch(
    /^(\.\.\/)+opt\/engine\.libs\/libouter-3c4d\.so$/,
  );
  expect(readFileSync(join(place, "libinner-1a2b.so"))).toEqual(readFileSync(join(libs, "libinner-1a2b.so")));
  // Nobody's program asks for it.
  expect(() => readlinkSync(join(place, "libalone-5e6f.so"))).toThrow("ENOENT");
  // The program where its $ORIGIN leads nowhere: only the built-in folder helps.
  const elsewhere = join(temporaryFolder(), "engine");
  copyFileSync(program, elsewhere);
  const loader = /(\S*ld-linux\S*)/.exec(execFileSync("ldd", [program]).toString())![1]!;
  const start = (path: string): number | null => {
    try {
      execFileSync(loader, ["--library-path", path, elsewhere], {
        stdio: "ignore",
      });
      return 0;
    } catch (error) {
      return (error as { status: number | null }).status;
    }
  };
  expect([start(place), start("/nowhere")]).toEqual([42, 127]);
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
