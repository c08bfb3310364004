import { cpSync, copyFileSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { systemErrorCode } from "../base/error.ts";
import type { HostPython } from "./find-python.ts";

/*
 * CPython finds its library by looking for lib/pythonX.Y/os.py above its own executable, so the same layout
 * works wherever the host keeps the pieces: one prefix for self-built interpreters, /usr for a distribution's.
 */

/** Standard library entries that no program needs: test suites, graphical tools, installers, build files. */
const leftOut: ReadonlySet<string> = new Set(
  (
    "__pycache__ site-packages dist-packages EXTERNALLY-MANAGED sitecustomize.py usercustomize.py " +
    "test tests idlelib idle_test tkinter turtle.py turtledemo ensurepip lib2to3"
  ).split(" "),
);

const leftOutPatterns: readonly RegExp[] = [
  /^config-\d/,
  /^_tkinter\./,
  /^_test.*\.so$/,
  /^_ctypes_test\./,
  /^_?xx.*\.so$/,
  // Nothing in a rollout asks for these, and each brings libraries of the host (for Kerberos, for line editing, for databases)
  // whose upgrades would give the image another digest.
  /^(nis|readline|spwd|ossaudiodev|_crypt|_gdbm|_dbm)\..*so$/,
];

/** Where Python lives in an image. */
export interface PythonLayout {
  /** Folders below the root file system, without a leading `/`. */
  readonly stdlib: string;
  readonly sitePackages: string;
}

/** The folders of an image's Python, by the interpreter it is made from. */
export function pythonLayout(python: HostPython): PythonLayout {
  const stdlib = `opt/python/lib/${basename(python.stdlib)}`;
  return { stdlib, sitePackages: `${stdlib}/site-packages` };
}

/** Copies the interpreter and its standard library to `/opt/python`; the packages' folder is made empty. */
export function copyInterpreter(python: HostPython, root: string): void {
  const layout = pythonLayout(python);
  const bin = join(root, "opt/python/bin");
  mkdirSync(bin, { recursive: true });
  copyFileSync(python.executable, join(bin, `python${python.series}`));
  symlinkSync(`python${python.series}`, join(bin, "python3"));
  symlinkSync("python3", join(bin, "python"));
  const stdlib = join(root, layout.stdlib);
  cpSync(python.stdlib, stdlib, {
    recursive: true,
    dereference: true,
    filter: (source) => source === python.stdlib || isKept(source),
  });
  if (python.libDirectory !== "lib") symlinkSync("lib", join(root, "opt/python", python.libDirectory));
  const sitePackages = join(root, layout.sitePackages);
  mkdirSync(sitePackages);
  // A path without the version, for the variables of images.
  symlinkSync(relative(join(root, "opt/python"), sitePackages), join(root, "opt/python/site-packages"));
  writeFileSync(join(sitePackages, "sameseed.pth"), "/opt/sameseed\n");
  // Debian's site module looks for packages under this name only.
  symlinkSync("site-packages", join(dirname(sitePackages), "dist-packages"));
}

/** What identifies the interpreter and its library without reading them: names, sizes and times of all files. */
export function fingerprintInterpreter(python: HostPython): string[] {
  const lines = [fingerprintFile(python.executable)];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const path = join(folder, entry.name);
      if (!isKept(path)) continue;
      if (entry.isDirectory()) visit(path);
      else lines.push(fingerprintFile(path));
    }
  };
  visit(python.stdlib);
  return lines;
}

/** A file's path, size and time of change, as one line; that it is absent, or that this user may not see it, where it is so. */
export function fingerprintFile(path: string): string {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? `${path} absent` : `${path} ${stat.size} ${stat.mtimeMs}`;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === "EACCES") return `${path} unseen`;
    if (code === "ENOTDIR") return `${path} absent`;
    throw error;
  }
}

function isKept(path: string): boolean {
  const name = basename(path);
  return !leftOut.has(name) && !leftOutPatterns.some((pattern) => pattern.test(name));
}
