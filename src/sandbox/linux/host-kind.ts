import { existsSync } from "node:fs";

/** What tells this host from one of another kind: where groups may be made, and which fix fits. */
export interface HostKind {
  readonly isRoot: boolean;
  readonly inContainer: boolean;
  readonly hasSystemd: boolean;
}

/** The kind of this host. */
export function hostKind(): HostKind {
  return {
    isRoot: process.getuid?.() === 0,
    inContainer: existsSync("/run/.containerenv") || existsSync("/.dockerenv"),
    hasSystemd: existsSync("/run/systemd/system"),
  };
}

/**
 * Whether control groups are for root of the host alone: those of version 1 are never handed to a user namespace, such as one in
 * which a container of an ordinary user's runs.
 * @param groups a process's `/proc/self/cgroup`
 * @param ids its `/proc/self/uid_map`
 */
export function areGroupsClosed(groups: string, ids: string): boolean {
  const isOfVersion1 = /^\d+:(?:[^:]*,)?memory[,:]/m.test(groups);
  const hasEveryId = /^\s*0\s+0\s+4294967295\s*$/.test(ids);
  return isOfVersion1 && !hasEveryId;
}
