import { homedir } from "node:os";
import { join, resolve } from "node:path";

/**
 * The folder that holds images and tools: `SAMESEED_HOME`, else `/var/lib/sameseed` for root, else
 * `$XDG_DATA_HOME/sameseed` or `~/.local/share/sameseed`.
 *
 * Root's is not in its home folder because sandboxes run as an unprivileged id, which cannot enter `/root`.
 */
export function homeFolder(env: NodeJS.ProcessEnv = process.env): string {
  const set = env["SAMESEED_HOME"];
  if (set !== undefined && set !== "") return resolve(set);
  if (process.getuid?.() === 0) return "/var/lib/sameseed";
  const data = env["XDG_DATA_HOME"];
  return join(data !== undefined && data !== "" ? data : join(homedir(), ".local", "share"), "sameseed");
}

/** Where images live below {@link homeFolder}. */
export function imagesFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(homeFolder(env), "images");
}

/** Where tools that Sameseed installs for itself live below {@link homeFolder}. */
export function toolsFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(homeFolder(env), "tools");
}
