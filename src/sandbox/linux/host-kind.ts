import { existsSync, readFileSync } from "node:fs";

/** What tells this host from one of another kind: where groups may be made, and which fix fits. */
export interface HostKind {
  readonly isRoot: boolean;
  readonly inContainer: boolean;
  /** Whether the container is one of a Kubernetes pod, whose settings have other names than an engine's flags. */
  readonly inPod: boolean;
  readonly hasSystemd: boolean;
}

/** The kind of this host. */
export function hostKind(): HostKind {
  const inPod = existsSync("/etc/hosts") && isPodHosts(readFileSync("/etc/hosts", "latin1"));
  return {
    isRoot: process.getuid?.() === 0,
    inContainer: inPod || existsSync("/run/.containerenv") || existsSync("/.dockerenv"),
    inPod,
    hasSystemd: existsSync("/run/systemd/system"),
  };
}

/**
 * Whether a list of hosts is one that a kubelet wrote: it does so for every pod, and what it hands to containerd makes none of the
 * files that engines leave.
 */
export function isPodHosts(text: string): boolean {
  return text.startsWith("# Kubernetes-managed hosts file");
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
