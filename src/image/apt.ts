import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { SameseedError } from "../base/error.ts";
import { findOnPath } from "./find-python.ts";
import { lastLines, runTool, type ToolResult } from "./run-tool.ts";
import { parseSystemLock, systemLockText, type SystemLock, type SystemPackage } from "./system-lock.ts";
import { hashFile } from "./tree-listing.ts";

/*
 * apt decides which versions go together, and checks what it fetches, as for the host itself. It is told that nothing is
 * installed, so that its answer has every package that is needed, whatever this host has.
 */

/** Where apt works, and how to stop it. */
export interface AptOptions {
  /** A folder that is deleted afterwards. */
  readonly workFolder: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * What an image takes from the host with the interpreter: the C library and the compiler's runtime. Others would not fit
 * the loader that is there.
 */
const hostsOwn = /^(libc6|libc-bin|libgcc-s1|libcrypt1|gcc-\d+-base)$/;

const packagePattern = /^[a-z0-9][a-z0-9+.-]+(=[A-Za-z0-9][A-Za-z0-9.+~:-]*)?$/;

/**
 * Finds which Debian packages some packages need, each with its version and hash. A path of a .deb file may stand for a
 * package; its hash is the file's.
 *
 * @throws {SameseedError} `bad_argument`, `tool_missing`, `image_build_failed` with apt's own words, `aborted`.
 */
export async function lockSystemPackages(asked: readonly string[], options: AptOptions): Promise<SystemLock> {
  const own = await describeFiles(asked, options);
  const paths = asked.map((text) => (text.endsWith(".deb") ? resolve(text) : text));
  const run = await runApt("apt-get", ["--simulate", "install", "--", ...paths], options);
  if (run.exitCode !== 0) throw aptFailed(`${asked.join(" ")} cannot be resolved`, run);
  const chosen = [...run.stdout.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+) .*\[(\S+)\]\)/gm)]
    .map(([, name = "", version = ""]) => ({ name, version }))
    .filter(({ name }) => !hostsOwn.test(name));
  const isOwn = ({ name, version }: Named): boolean =>
    own.some((file) => file.name === name && file.version === version);
  const hashes = await hashesOf(
    chosen.filter((one) => !isOwn(one)),
    options,
  );
  const packages = [...hashes, ...own].sort((a, b) => (a.name < b.name ? -1 : 1));
  const apt = /^apt (\S+)/.exec((await runApt("apt-get", ["--version"], options)).stdout)?.[1] ?? "";
  const head = `Resolved by apt ${apt} for ${distribution()}: ${asked.join(" ")}`;
  return parseSystemLock("the resolved lock", systemLockText(head, packages));
}

type Named = Pick<SystemPackage, "name" | "version">;

async function describeFiles(asked: readonly string[], options: AptOptions): Promise<SystemPackage[]> {
  const found: SystemPackage[] = [];
  for (const text of asked) {
    if (text.endsWith(".deb")) found.push(await describeDeb(text, options.signal));
    else if (!packagePattern.test(text)) {
      throw new SameseedError("bad_argument", `${JSON.stringify(text)} is not a Debian package's name`, {
        hint: "write NAME or NAME=VERSION, or the path of a .deb file",
        context: { package: text },
      });
    }
  }
  return found;
}

/** What a .deb file says that it is. @throws {SameseedError} `bad_argument`, `io_failed`, `tool_missing` */
async function describeDeb(path: string, signal: AbortSignal | undefined): Promise<SystemPackage> {
  if (!existsSync(path)) {
    throw new SameseedError("io_failed", `there is no file ${path}`, {
      hint: "give the path of a .deb file, or a package by name",
    });
  }
  const run = await runTool(
    requireTool("dpkg-deb", "dpkg"),
    ["--field", path, "Package", "Version", "Architecture"],
    {
      signal,
    },
  );
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}: (\\S+)$`, "m").exec(run.stdout)?.[1];
  const [name, version, architecture] = [field("Package"), field("Version"), field("Architecture")];
  if (run.exitCode !== 0 || name === undefined || version === undefined || architecture === undefined) {
    throw new SameseedError("bad_argument", `${path} is not a Debian package`, {
      hint: "give a .deb file as `dpkg-deb --build` or `apt-get download` writes it",
      context: { output: lastLines(run.stderr) },
    });
  }
  return { name, version, architecture, sha256: hashFile(path) };
}

/** Asks apt's index for the hashes. */
async function hashesOf(chosen: readonly Named[], options: AptOptions): Promise<SystemPackage[]> {
  if (chosen.length === 0) return [];
  const names = chosen.map(({ name, version }) => `${name}=${version}`);
  const run = await runApt("apt-cache", ["show", "--no-all-versions", "--", ...names], options);
  const known = new Map<string, SystemPackage>();
  for (const stanza of run.stdout.split(/\n\n+/)) {
    const field = (name: string): string => new RegExp(`^${name}: (\\S+)$`, "m").exec(stanza)?.[1] ?? "";
    const key = `${field("Package")}=${field("Version")}`;
    if (known.has(key) || field("SHA256") === "") continue;
    known.set(key, {
      name: field("Package"),
      version: field("Version"),
      architecture: field("Architecture"),
      sha256: field("SHA256"),
    });
  }
  return names.map((name) => {
    const found = known.get(name);
    if (found !== undefined) return found;
    throw aptFailed(`apt knows no hash of ${name}`, run);
  });
}

/**
 * Fetches the files of packages into the work folder with the host's apt. Whoever asked compares them with their hashes.
 *
 * @returns The paths of the .deb files.
 */
export async function fetchPackages(
  packages: readonly SystemPackage[],
  options: AptOptions,
): Promise<string[]> {
  const names = packages.map(({ name, version }) => `${name}=${version}`);
  const run = await runApt("apt-get", ["download", "--", ...names], options);
  if (run.exitCode !== 0) throw aptFailed(`the system packages could not be fetched`, run);
  return readdirSync(options.workFolder)
    .filter((file) => file.endsWith(".deb"))
    .map((file) => join(options.workFolder, file));
}

/** The path of a tool of the distribution. @throws {SameseedError} `tool_missing` */
export function requireTool(tool: string, from: string): string {
  const path = findOnPath(tool);
  if (path !== undefined) return path;
  throw new SameseedError("tool_missing", `the program ${tool} was not found`, {
    hint: `system packages are Debian's: use a host with ${from} (Debian or Ubuntu), and move the image with \`sameseed image export\``,
    context: { tool },
  });
}

async function runApt(tool: string, args: readonly string[], options: AptOptions): Promise<ToolResult> {
  const nothingInstalled = join(options.workFolder, "status");
  writeFileSync(nothingInstalled, "");
  const settings = [
    `Dir::State::status=${nothingInstalled}`,
    "Dir::Cache::pkgcache=",
    "Dir::Cache::srcpkgcache=",
    "APT::Install-Recommends=false",
    "Debug::NoLocking=true",
  ];
  const choices = settings.flatMap((setting) => ["--option", setting]);
  return await runTool(requireTool(tool, "apt"), [...choices, ...args], {
    cwd: options.workFolder,
    signal: options.signal,
  });
}

function aptFailed(what: string, { stderr, stdout }: ToolResult): SameseedError {
  const reasons = stderr.split("\n").filter((line) => line.startsWith("E: "));
  const why = reasons[0]?.slice("E: ".length).replace(/\.$/, "");
  return new SameseedError("image_build_failed", why === undefined ? what : `${what}: ${why}`, {
    hint: "refresh apt's lists (apt-get update), then write the lock anew; a version that the mirrors have no longer is built from a folder that has its .deb file, with --find-links DIR",
    context: { output: lastLines(stderr.trim() === "" ? stdout : stderr) },
  });
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "this host";
  } catch {
    return "this host";
  }
}
