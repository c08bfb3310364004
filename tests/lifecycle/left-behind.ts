import { globSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

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

/** A namespace such as `pid:[4026532281]`, and when it was seen: the kernel gives its number to another one later. */
export interface NamespaceName {
  readonly name: string;
  /** In clock ticks since boot. */
  readonly seenAt: number;
}

const ticksPerSecond = 100;

/** In clock ticks since boot, as processes' start times are. */
export function ticksNow(): number {
  return Number(readFileSync("/proc/uptime", "latin1").split(" ")[0]) * ticksPerSecond;
}

/** The namespaces that processes are in and this one is not. */
export function namespacesOf(processes: readonly ProcessName[]): NamespaceName[] {
  const own = new Set(namespaceLinks("self"));
  const seenAt = ticksNow();
  const found = new Set(processes.flatMap(({ pid }) => namespaceLinks(String(pid))));
  return [...found].filter((name) => !own.has(name)).map((name) => ({ name, seenAt }));
}

/** Those that a process is in which was there when they were seen. */
export function namespacesInUse(namespaces: readonly NamespaceName[]): string[] {
  const since = new Map<string, number>();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const started = Number(startTime(Number(pid)) ?? Infinity);
    for (const name of namespaceLinks(pid)) since.set(name, Math.min(started, since.get(name) ?? Infinity));
  }
  return namespaces
    .filter(({ name, seenAt }) => (since.get(name) ?? Infinity) < seenAt)
    .map(({ name }) => name);
}

function namespaceLinks(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/ns`).map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`));
  } catch {
    return [];
  }
}

/** Control group folders that any of these processes made. */
export function groupFolders(pids: readonly number[]): string[] {
  const made = new Set(pids.map(String));
  return globSync("/sys/fs/cgroup/**/sameseed-*").filter((path) =>
    made.has(/sameseed-(\d+)-[^/]*$/.exec(path)?.[1] ?? ""),
  );
}

/** What schedules of faults mount meanwhile, in another test: small disks, and the names of network namespaces. */
const ofChaos = /\/sameseed-chaos-|\/netns\/ss(-try-)?\d/;

/** The mounts this process sees, but for those of another test. */
export function mounts(): ReadonlySet<string> {
  const lines = readFileSync("/proc/self/mountinfo", "latin1").trim().split("\n");
  const own = lines.filter((line) => !ofChaos.test(line));
  // The mount's number, and where it is.
  return new Set(own.map((line) => [0, 4].map((field) => line.split(" ")[field]).join(" ")));
}

/** The mounts that were not there before. Some that are gone are nobody's left behind: another program had them. */
export function newMounts(before: ReadonlySet<string>): string[] {
  return [...mounts()].filter((mount) => !before.has(mount));
}

/**
 * Local sockets that have a name of ours. Only the claim to a range of ids has one, which the kernel takes back with its
 * process and which stands for as long as others run: those are told by their processes. One with a path is a file: of a
 * run it is among what is temporary, and others are other tests' Redis.
 */
export function namedSockets(): string[] {
  const lines = readFileSync("/proc/net/unix", "latin1").trim().split("\n").slice(1);
  return lines
    .map((line) => line.split(/\s+/)[7] ?? "")
    .filter((name) => /^@.*(sameseed|zygote)/.test(name) && !name.startsWith("@sameseed/ids/"));
}
