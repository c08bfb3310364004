import { copyFileSync, existsSync, mkdirSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { SameseedError } from "../base/error.ts";
import { isElf, readDynamic } from "./elf-file.ts";
import { nameOrigins } from "./own-origin.ts";
import { alignToPages } from "./page-alignment.ts";
import { runTool } from "./run-tool.ts";

/*
 * An image has no loader cache, so the loader finds a library by a path that the file itself gives
 * ($ORIGIN, which stays true inside the tree) or in its built-in folders. The folder of the C library is
 * always built in. Therefore every library that a file takes from the host, wherever the host keeps it,
 * is put beside the C library under the name it is asked for by.
 *
 * A program's own $ORIGIN the loader reads from /proc, which a sandbox does not have: own-origin.ts. Where the loader puts a library
 * is to hang on no kernel: page-alignment.ts.
 */

/** What the loader says about some files. */
export interface Needed {
  /** Name asked for → the host's file. */
  readonly libraries: ReadonlyMap<string, string>;
  /** Absolute paths of program loaders. */
  readonly loaders: ReadonlySet<string>;
  /** Files that need a library this host does not have. */
  readonly unloadable: ReadonlySet<string>;
}

/** Folders of an image in which the loader looks by itself. */
export const loaderFolder: RegExp = /^\/usr\/lib(64)?(\/[a-z0-9_]+-linux-gnu)?$/;

/** What system packages take from the host, with the interpreter's C library. */
const hostsOwn =
  /^(ld-linux.*|lib(c|m|dl|rt|pthread|resolv|util|anl|nsl|mvec|nss_\w+|gcc_s|crypt)\.so\.\d+)$/;

/** Libraries that the C library opens by name, when threads end or users are looked up. */
const openedByName: readonly string[] = ["libgcc_s.so.1", "libnss_files.so.2"];

/**
 * Copies the closure of shared libraries of every program and library of the tree into it. A standard
 * library module whose libraries the host lacks could not be imported there either, and is left out.
 *
 * @param system - Files of system packages in the tree: their libraries go before the host's, and they need no other of the
 * host than the C library.
 * @returns The host's files that were copied.
 * @throws {SameseedError} `tool_missing` without the host's loader, `image_build_failed` when two libraries of one name differ,
 * where a system package needs a library that none of them has, or where a file names libraries that watch the loader.
 */
export async function copySharedLibraries(
  root: string,
  system: ReadonlySet<string> = new Set(),
  signal?: AbortSignal,
): Promise<string[]> {
  const folders = new Set(
    [...system].filter((path) => /\.so(\.[\d.]+)?$/.test(path)).map((path) => dirname(path)),
  );
  // Where the loader looks by itself, and nowhere else: what it would not find in a sandbox is not found here.
  const built = [...folders].filter((path) => loaderFolder.test(path));
  const files = elfFiles(root);
  const traced = await traceFiles(files, root, {
    folders: built.map((path) => join(root, path)),
    signal,
  });
  const needed = parseLdd(traced, "", root, system);
  for (const file of needed.unloadable) {
    if (file.includes("/lib-dynload/")) rmSync(file);
  }
  const copied = placeLibraries(root, needed);
  alignToPages(elfFiles(root));
  nameOrigins(
    root,
    files.filter((file) => existsSync(file)),
  );
  return copied;
}

/** How files are traced. */
interface TraceOptions {
  /** Looked in before the host's folders. */
  readonly folders: readonly string[];
  readonly signal: AbortSignal | undefined;
}

/**
 * Asks the host's loader what files need, as `ldd` does, but without `ldd`: that is a shell script, and with the tree's
 * folders in the environment the host's shell would itself be started with libraries of the tree, whose code would run.
 * Here the folders are the loader's argument, and of the tree it only maps files.
 */
async function traceFiles(files: readonly string[], root: string, options: TraceOptions): Promise<string> {
  const loader = hostLoader();
  const { folders, signal } = options;
  const path = folders.length === 0 ? [] : ["--library-path", folders.join(":")];
  const traced: string[] = [];
  for (const file of files) {
    const found = readDynamic(file);
    if (found === undefined) continue;
    if (found.watched) throw watched(file.slice(root.length));
    const run = await runTool(loader, [...path, file], {
      signal,
      extraEnv: { LD_TRACE_LOADED_OBJECTS: "1" },
    });
    traced.push(`${file}:\n${run.stdout}`);
  }
  return traced.join("");
}

/** The loader at the path that every program names. */
function hostLoader(): string {
  const loader = process.arch === "arm64" ? "/lib/ld-linux-aarch64.so.1" : "/lib64/ld-linux-x86-64.so.2";
  if (existsSync(loader)) return loader;
  throw new SameseedError("tool_missing", `the loader of the GNU C library was not found at ${loader}`, {
    hint: "build images on a host whose programs are linked to the GNU C library, and move them with `sameseed image export`",
    context: { tool: loader },
  });
}

function watched(file: string): SameseedError {
  return new SameseedError("image_build_failed", `${file} names libraries that watch the loader`, {
    hint: "leave the package that has this file out of the lock",
    context: { file },
  });
}

/**
 * Reads the output of `ldd`, or the loader's under headings like it. A library that a file finds inside the tree (a wheel's
 * own copy) is left where it is.
 *
 * @param first - The file meant where there is no heading, because only one was asked about.
 * @param system - As for {@link copySharedLibraries}.
 * @throws {SameseedError} `image_build_failed` when two libraries of one name differ, or the host's leaks into a system package.
 */
export function parseLdd(
  output: string,
  first: string,
  root: string,
  system: ReadonlySet<string> = new Set(),
): Needed {
  const libraries = new Map<string, string>();
  const loaders = new Set<string>();
  const unloadable = new Set<string>();
  const names = new Set([...system].map((path) => basename(path)));
  let file = first;
  for (const line of output.split("\n")) {
    const heading = /^(\/.*):$/.exec(line);
    if (heading !== null) file = heading[1] ?? file;
    const inTree = file.slice(root.length);
    const absent = /^\s+(\S+) => not found/.exec(line)?.[1];
    if (absent !== undefined) {
      if (system.has(inTree) && !names.has(absent)) throw leaked(absent, inTree);
      unloadable.add(file);
    }
    const loader = /^\s+(\/\S+) \(0x/.exec(line);
    if (loader !== null) loaders.add(loader[1] ?? "");
    const library = /^\s+(\S+) => (\/.*) \(0x/.exec(line);
    if (library === null || library[1] === undefined || library[2] === undefined) continue;
    if (library[1].startsWith("/")) loaders.add(library[1]);
    else if (!library[2].startsWith(`${root}/`)) {
      // Found by a path that a package's file names: there is a file of the packages at that place, too.
      if (system.has(mergedPath(library[2]))) continue;
      if (system.has(inTree) && !hostsOwn.test(library[1])) throw leaked(library[1], inTree);
      noteLibrary(libraries, library[1], library[2]);
    }
  }
  return { libraries, loaders, unloadable };
}

function leaked(name: string, file: string): SameseedError {
  return new SameseedError(
    "image_build_failed",
    `${file} needs ${name}, which no package of the system lock has`,
    {
      hint: "write the lock anew with the package that has it: sameseed image lock --system PACKAGE …",
      context: { library: name, file },
    },
  );
}

function noteLibrary(libraries: Map<string, string>, name: string, path: string): void {
  const known = libraries.get(name);
  if (known !== undefined && realpathSync(known) !== realpathSync(path)) {
    throw new SameseedError("image_build_failed", `two libraries are called ${name}: ${known} and ${path}`, {
      hint: "build from an interpreter whose modules use one set of libraries, such as the distribution's own",
    });
  }
  libraries.set(name, path);
}

function placeLibraries(root: string, needed: Needed): string[] {
  const libc = needed.libraries.get("libc.so.6");
  if (libc === undefined) {
    throw new SameseedError("image_build_failed", "the interpreter is not linked to the GNU C library", {
      hint: "use a Python that is dynamically linked to glibc, such as the distribution's own",
    });
  }
  const folder = mergedPath(dirname(libc));
  const copied: string[] = [];
  const place = (source: string, target: string): void => {
    const path = join(root, target);
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(source, path);
    copied.push(realpathSync(source));
  };
  for (const [name, source] of needed.libraries) place(source, join(folder, name));
  for (const loader of needed.loaders) place(loader, mergedPath(loader));
  for (const name of openedByName) {
    const source = join(dirname(libc), name);
    if (existsSync(source) && !needed.libraries.has(name)) place(source, join(folder, basename(source)));
  }
  return [...new Set(copied)].sort();
}

/** A path in an image, where `/bin`, `/lib` and `/lib64` are links into `/usr`, whatever the host does. */
export function mergedPath(path: string): string {
  return path.replace(/^\/(s?bin|lib|lib32|lib64|libx32)(?=\/|$)/, "/usr/$1");
}

function elfFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\.(py|pyc|pyi|txt|h)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(isElf)
    .sort();
}
