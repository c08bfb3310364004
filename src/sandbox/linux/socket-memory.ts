import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import type { CgroupVersion } from "./cgroups.ts";

/** Why control groups do not count the memory of sockets, and what would make them. */
export interface Uncounted {
  readonly detail: string;
  readonly fix: string;
}

/** Version 1 counts the memory of a group's sockets where this limit of it is set. */
const tcpLimit = "memory.kmem.tcp.limit_in_bytes";

/**
 * Why these control groups do not count the memory of sockets; undefined where they do.
 * @param groups an area: its version, and a folder in each tree
 * @param commandLine what the kernel was started with
 */
export function uncountedSockets(
  { version, folders }: { readonly version: CgroupVersion; readonly folders: readonly string[] },
  commandLine: string = readCommandLine(),
): Uncounted | undefined {
  if (version === "cgroup-v1") {
    if (folders.some((folder) => existsSync(join(folder, tcpLimit)))) return undefined;
    return {
      detail: `this kernel's control groups have no ${tcpLimit}`,
      fix: "boot a kernel with CONFIG_MEMCG_V1 (before 6.11: CONFIG_MEMCG_KMEM), or with version 2 of control groups",
    };
  }
  const settings = commandLine.split(/\s+/).filter((word) => word.startsWith("cgroup.memory="));
  const isOff = settings.some((word) => word.slice("cgroup.memory=".length).split(",").includes("nosocket"));
  if (!isOff) return undefined;
  return {
    detail: "the kernel was started with cgroup.memory=nosocket",
    fix: "take `nosocket` from the kernel's command line and boot again",
  };
}

function readCommandLine(): string {
  try {
    return readFileSync("/proc/cmdline", "latin1");
  } catch {
    return "";
  }
}
