import { globSync, readFileSync } from "node:fs";

import { childPids, startTime } from "../../src/sandbox/linux/processes.ts";

/** A process, named for good. */
export interface ProcessName {
  readonly pid: number;
  readonly started: string | undefined;
}

/** Every process below one. */
export function descendants(pid: number): ProcessName[] {
  const children = childPids(pid);
  return children.flatMap((child) => [{ pid: child, started: startTime(child) }, ...descendants(child)]);
}

/** Those that still are, zombies left out. */
export function alive(processes: readonly ProcessName[]): number[] {
  return processes
    .filter(({ pid, started }) => startTime(pid) === started && !isZombie(pid))
    .map(({ pid }) => pid);
}

function isZombie(pid: number): boolean {
  try {
    return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return true;
  }
}

/** Control group folders that a process made. */
export function groupFolders(pid: number): string[] {
  return globSync(`/sys/fs/cgroup/**/sameseed-${pid}-*`);
}

/** How many mounts this process sees. */
export function mountCount(): number {
  return readFileSync("/proc/self/mountinfo", "latin1").trim().split("\n").length;
}
