import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { SameseedError } from "../base/error.ts";
import type { HostPython } from "./find-python.ts";
import type { RequirementsLock } from "./requirements-lock.ts";
import { runTool } from "./run-tool.ts";

/** Where wheels come from and how to stop. */
export interface InstallOptions {
  /** Take wheels from this folder only, without a network. */
  readonly findLinks?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What pip leaves behind that differs from one installation of the same wheels to the next. */
const variableMetadata: readonly string[] = ["direct_url.json", "REQUESTED", "INSTALLER", "RECORD"];

/**
 * Installs the locked wheels into a folder, and nothing else: no dependencies, no source builds, no
 * scripts, no bytecode. pip is the interpreter's own, else one in a virtual environment below `workFolder`.
 *
 * @returns Normalised names with their versions.
 * @throws {SameseedError} `image_build_failed` with pip's own words, `aborted`.
 */
export async function installWheels(
  python: HostPython,
  lock: RequirementsLock,
  target: string,
  workFolder: string,
  options: InstallOptions = {},
): Promise<Record<string, string>> {
  if (lock.packages.length > 0) {
    const pip = python.pip ? python.executable : await makePip(python, workFolder, options.signal);
    // pip reads the very bytes whose digest names the image, even if the file is edited meanwhile.
    const lockCopy = join(workFolder, "requirements.lock");
    writeFileSync(lockCopy, lock.text);
    const quiet = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"];
    const strict = ["--no-compile", "--require-hashes", "--no-deps", "--only-binary", ":all:"];
    const sources =
      options.findLinks === undefined ? [] : ["--no-index", "--find-links", resolve(options.findLinks)];
    const what = ["--target", target, "--requirement", lockCopy];
    const run = await runTool(pip, [...quiet, ...strict, ...sources, ...what], {
      signal: options.signal,
      cwd: workFolder,
    });
    if (run.exitCode !== 0) throw installFailed(lock, python, run.stderr);
  }
  rmSync(join(target, "bin"), { recursive: true, force: true });
  return readPackages(target);
}

async function makePip(
  python: HostPython,
  workFolder: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const venv = join(workFolder, "venv");
  const run = await runTool(python.executable, ["-m", "venv", venv], { signal });
  if (run.exitCode === 0) return join(venv, "bin", "python3");
  throw new SameseedError(
    "tool_missing",
    `${python.executable} cannot create a virtual environment with pip.`,
    {
      hint: "Install its venv module (on Debian and Ubuntu: apt-get install python3-venv).",
      context: { output: lastLines(`${run.stdout}\n${run.stderr}`) },
    },
  );
}

function installFailed(lock: RequirementsLock, python: HostPython, stderr: string): SameseedError {
  const offline = /connection broken|Failed to establish|ConnectTimeout|ProxyError|SSLError/.test(stderr);
  const reasons = stderr.split("\n").filter((line) => line.startsWith("ERROR:"));
  let why = reasons.at(-1)?.replace("ERROR: ", "").replace(/\.$/, "") ?? "pip failed";
  let hint = "pip's output says why; correct it and run the same command again.";
  if (offline) {
    why = "pip cannot reach its package index";
    hint =
      "Check the network connection and pip's index and proxy settings, then run the same command again.";
  } else if (stderr.includes("DO NOT MATCH THE HASHES")) {
    why = "a downloaded file does not have the hash that the lock names";
    hint =
      "A downloaded file is not the one the lock names: check where pip downloads from, or write the lock anew.";
  } else if (stderr.includes("No matching distribution")) {
    hint = `The lock names a package that has no wheel for Python ${python.series} on ${python.machine}, or pip's index does not offer it.`;
  }
  return new SameseedError(
    "image_build_failed",
    `The packages of ${lock.path} could not be installed: ${why}.`,
    {
      hint,
      context: { output: lastLines(stderr) },
    },
  );
}

/** Reads what was installed and removes the metadata that says how. */
function readPackages(target: string): Record<string, string> {
  const packages: [string, string][] = [];
  for (const entry of existsSync(target) ? readdirSync(target) : []) {
    if (!entry.endsWith(".dist-info")) continue;
    const metadata = readFileSync(join(target, entry, "METADATA"), "utf8");
    const name = /^Name:\s*(\S+)/m.exec(metadata)?.[1];
    const version = /^Version:\s*(\S+)/m.exec(metadata)?.[1];
    if (name === undefined || version === undefined) {
      throw new SameseedError("image_build_failed", `${entry} in the image has no name or version.`);
    }
    packages.push([name.toLowerCase().replaceAll(/[-_.]+/g, "-"), version]);
    for (const file of variableMetadata) rmSync(join(target, entry, file), { force: true });
  }
  return Object.fromEntries(packages.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The end of a program's output, as much as a person reads. */
export function lastLines(text: string, count = 12): string {
  return text.trim().split("\n").slice(-count).join("\n");
}
