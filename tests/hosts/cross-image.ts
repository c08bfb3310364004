/*
 * The default image for hosts of another architecture, made on this one. Steps that need the other's programs have one here that
 * does the same: a cross compiler, pip told of the platform, this host's Python of the same series for the bytecode, and the
 * names of libraries read from the files in place of asking the other's loader. What an image gets is put together as ever.
 */
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";

import { readExtras } from "../../src/image/added-files.ts";
import { makeBuildFolder } from "../../src/image/build-folder.ts";
import { describeTree } from "../../src/image/build-tree.ts";
import { compileBytecode } from "../../src/image/compile-bytecode.ts";
import { compileNative } from "../../src/image/compile-native.ts";
import { copyInterpreter, pythonLayout } from "../../src/image/copy-interpreter.ts";
import { isElf } from "../../src/image/elf-file.ts";
import { findPython, type HostPython } from "../../src/image/find-python.ts";
import { finishTree } from "../../src/image/finish-tree.ts";
import { installWheels } from "../../src/image/install-wheels.ts";
import { keepLock, publishTree } from "../../src/image/publish-image.ts";
import { readLock } from "../../src/image/requirements-lock.ts";
import { packagedLock, readRuntimeFiles, writeRuntimeFiles } from "../../src/image/runtime-files.ts";
import { findTools, makeSkeleton } from "../../src/image/skeleton.ts";

const triplet = "aarch64-linux-gnu";
const compiler = `${triplet}-gcc`;

/** A path of a tree, whose links are followed inside it. */
function inside(tree: string, path: string, most = 16): string {
  let found = "/";
  for (const part of path.split("/").filter(Boolean)) {
    const next = join(found, part);
    const isLink = lstatSync(join(tree, next), { throwIfNoEntry: false })?.isSymbolicLink() === true;
    if (isLink && most === 0) throw new Error(`too many links in ${path}`);
    found = isLink
      ? inside(tree, resolve("/", found, readlinkSync(join(tree, next))), most - 1).slice(tree.length) || "/"
      : next;
  }
  return join(tree, found);
}

/** The tree's Python as one that an image is built from; `native` is this host's of the same series. */
function pythonOf(tree: string, native: HostPython, work: string): HostPython {
  // Debian's pyconfig.h includes the one of the architecture by its folder.
  const include = join(work, "include");
  const headers = join(tree, "usr/include");
  cpSync(join(headers, `python${native.series}`), include, { recursive: true });
  cpSync(join(headers, triplet, `python${native.series}`), join(include, triplet, `python${native.series}`), {
    recursive: true,
  });
  const defined = (file: string, name: string): string =>
    new RegExp(`^#\\s*define\\s+${name}\\s+"?([\\w.+]+)`, "m").exec(
      readFileSync(join(headers, file), "utf8"),
    )![1]!;
  return {
    ...native,
    version: defined(`python${native.series}/patchlevel.h`, "PY_VERSION"),
    executable: inside(tree, `/usr/bin/python${native.series}`),
    stdlib: join(tree, "usr/lib", `python${native.series}`),
    include,
    extensionSuffix: `.cpython-${native.series.replace(".", "")}-${triplet}.so`,
    libDirectory: "lib",
    machine: "aarch64",
    libc: `glibc ${defined("features.h", "__GLIBC__")}.${defined("features.h", "__GLIBC_MINOR__")}`,
  };
}

/** What pip calls machines of arm64 whose C library is Debian 12's or older. */
const platforms = ["manylinux2014", "manylinux_2_17", "manylinux_2_27", "manylinux_2_28", "manylinux_2_34"];

/** The words with which pip fetches a lock's wheels for a host of arm64 and unpacks them. @param series of its Python */
export function wheelWords(lock: string, series: string, folder: string): string[] {
  const chosen = platforms.flatMap((platform) => ["--platform", `${platform}_aarch64`]);
  const strict = ["--no-compile", "--no-deps", "--require-hashes", "--only-binary=:all:"];
  const what = ["--implementation", "cp", "--python-version", series, "--requirement", lock];
  return ["-m", "pip", "install", "--quiet", ...strict, ...chosen, ...what, "--target", folder];
}

/**
 * The libraries that some names lead to, by way of what each library needs, and where each is.
 * @param there those that need no place any more
 * @param find where a library is
 * @param needs the names that a file needs
 * @throws an error where one is nowhere: what needs it would fail in a sandbox, and not before
 */
export function librariesOf(
  names: readonly string[],
  there: ReadonlySet<string>,
  find: (name: string) => string | undefined,
  needs: (file: string) => readonly string[],
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (there.has(name) || found.has(name)) continue;
    const file = find(name);
    if (file === undefined) throw new Error(`the image needs ${name}, which no package of the builder has`);
    found.set(name, file);
    waiting.push(...needs(file));
  }
  return found;
}

/** Puts every library beside the C library that a file of the image names and the image does not have. */
function copyLibraries(root: string, tree: string): void {
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(py|pyc|pyi|txt|h)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(isElf);
  const folder = join(root, "usr/lib", triplet);
  mkdirSync(folder, { recursive: true });
  const needs = (file: string): string[] => {
    const said = execFileSync(`${triplet}-objdump`, ["-p", file], { encoding: "utf8" });
    return [...said.matchAll(/^\s+NEEDED\s+(\S+)$/gm)].map(([, needed]) => needed!);
  };
  const find = (name: string): string | undefined =>
    [`/lib/${triplet}/${name}`, `/usr/lib/${triplet}/${name}`, `/lib/${name}`]
      .map((path) => inside(tree, path))
      .find((path) => existsSync(path));
  const names = ["libgcc_s.so.1", "libnss_files.so.2", ...files.flatMap(needs)];
  const there = new Set(files.map((file) => basename(file)));
  for (const [name, file] of librariesOf(names, there, find, needs)) copyFileSync(file, join(folder, name));
  copyFileSync(inside(tree, "/lib/ld-linux-aarch64.so.1"), join(root, "usr/lib/ld-linux-aarch64.so.1"));
}

/** The other architecture's programs in place of this host's. */
function replaceTools(root: string, tree: string): void {
  rmSync(join(root, "proc/cpuinfo"), { force: true });
  for (const name of findTools().keys()) {
    const target = join(root, "usr/bin", name);
    rmSync(target);
    const source = ["/usr/bin", "/bin"]
      .map((folder) => inside(tree, `${folder}/${name}`))
      .find((path) => existsSync(path));
    if (source !== undefined) copyFileSync(source, target);
  }
}

/** Does some work while `CC` names a compiler. */
async function withCompiler(name: string, work: () => Promise<void>): Promise<void> {
  const before = process.env["CC"];
  process.env["CC"] = name;
  try {
    await work();
  } finally {
    if (before === undefined) delete process.env["CC"];
    else process.env["CC"] = before;
  }
}

/**
 * Makes the default image for arm64 and gives its digest.
 * @param tree files of the other architecture: its Python with headers, its programs and libraries, unpacked
 * @param images the folder of images that gets it
 */
export async function makeCrossImage(tree: string, images: string): Promise<string> {
  const series = readdirSync(join(tree, "usr/lib")).find((name) => /^python3\.\d+$/.test(name));
  if (series === undefined) throw new Error(`${tree} has no Python`);
  const native = await findPython(series);
  mkdirSync(images, { recursive: true });
  const work = makeBuildFolder(images);
  const folder = join(work, "image");
  const root = join(folder, "rootfs");
  mkdirSync(root, { recursive: true });
  try {
    const python = pythonOf(tree, native, work);
    const runtime = readRuntimeFiles();
    const lock = readLock(packagedLock("gymnasium"));
    makeSkeleton(root);
    replaceTools(root, tree);
    copyInterpreter(python, root);
    writeRuntimeFiles(runtime.python, join(root, "opt/sameseed"));
    await withCompiler(compiler, async () => {
      await compileNative(python, runtime, root, work);
    });
    const target = join(root, pythonLayout(python).sitePackages);
    execFileSync("python3", wheelWords(lock.path, python.series, target), {
      stdio: ["ignore", "ignore", "inherit"],
    });
    // It has the packages already: what is left is to read what they are, and to remove what says how they came.
    const packages = await installWheels(python, { ...lock, packages: [] }, target, work);
    copyLibraries(root, tree);
    await compileBytecode({ ...python, executable: native.executable }, root);
    finishTree(root);
    keepLock(folder, { lock, folder: work, built: [] }, undefined);
    const inputs = { python, lock, runtime, extras: readExtras(undefined, undefined, undefined) };
    return await publishTree(folder, images, (entries) => describeTree(inputs, packages, entries));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
