import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** One process of this host. */
export interface HostProcess {
  readonly pid: number;
  readonly parent: number;
  /** What it calls itself; at most 15 characters. */
  readonly name: string;
  /** Its command line, arguments separated by null bytes. */
  readonly commandLine: string;
  /** In how many pid namespaces it has an id. */
  readonly depth: number;
}

/**
 * Everything the kernel tells of a process that must not move while sandboxes come and go: identity, rights, filters,
 * signals, threads, open descriptors, mappings and mounts.
 */
export type ProcessTable = Readonly<Record<string, string>>;

/** Every process of this host that can be seen. */
export function listProcesses(): HostProcess[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    const status = readText(`/proc/${pid}/status`);
    const parent = field(status, "PPid");
    if (parent === "") return []; // gone meanwhile
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        name: field(status, "Name"),
        commandLine: readText(`/proc/${pid}/cmdline`),
        depth: field(status, "NSpid").split(/\s+/).filter(Boolean).length,
      },
    ];
  });
}

/** Whether the kernel has decided a process's end: it runs none of its own code any more. */
export function isDying(pid: number): boolean {
  const stat = readText(`/proc/${pid}/stat`);
  return isDyingIn(readText(`/proc/${pid}/status`), stat.slice(stat.lastIndexOf(")") + 2));
}

/** `PF_EXITING` of the kernel. */
const exitingFlag = 0x4;
/** SIGKILL in a set of signals as the kernel prints it, in hexadecimal digits. */
const killBit = 0x100n;

/** The same of `/proc/PID/status`, and of `/proc/PID/stat` from its third field on. */
export function isDyingIn(status: string, stat: string): boolean {
  if (field(status, "PPid") === "") return true; // gone meanwhile
  const isPending = (name: string): boolean => (BigInt(`0x${field(status, name) || "0"}`) & killBit) !== 0n;
  const [state = "X", , , , , , flags = "0"] = stat.split(" ");
  return (
    "ZX".includes(state) || (Number(flags) & exitingFlag) !== 0 || isPending("SigPnd") || isPending("ShdPnd")
  );
}

/** The processes that came of one, however far down. */
export function descendantsOf(pid: number, processes: readonly HostProcess[]): HostProcess[] {
  const found: HostProcess[] = [];
  const parents = new Set([pid]);
  for (let before = -1; before !== found.length;) {
    before = found.length;
    for (const each of processes) {
      if (!parents.has(each.parent) || parents.has(each.pid)) continue;
      parents.add(each.pid);
      found.push(each);
    }
  }
  return found;
}

const statusFields = [
  "Name",
  "Umask",
  "PPid",
  "TracerPid",
  "Uid",
  "Gid",
  "Groups",
  "NSpid",
  "Threads",
  "SigPnd",
  "ShdPnd",
  "SigBlk",
  "SigIgn",
  "SigCgt",
  "CapInh",
  "CapPrm",
  "CapEff",
  "CapBnd",
  "CapAmb",
  "NoNewPrivs",
  "Seccomp",
  "Seccomp_filters",
];

/** SIGCHLD, in the same digits. */
const childBit = 0x10000n;

/**
 * Signals that wait, without the one for a child's end: newer bubblewraps block it and wait for their children by a call, so it goes on
 * waiting after the first orphan. Nobody can send more by it than that a child of the process's own has ended.
 */
function withoutChild(name: string, value: string): string {
  if ((name !== "SigPnd" && name !== "ShdPnd") || !/^[0-9a-f]{16}$/.test(value)) return value;
  return (BigInt(`0x${value}`) & ~childBit).toString(16).padStart(16, "0");
}

/** A process's table; what this user may not read stands as the errno, which must not change either. */
export function tableOf(pid: number): ProcessTable {
  const status = readText(`/proc/${pid}/status`);
  return {
    ...Object.fromEntries(statusFields.map((name) => [name, withoutChild(name, field(status, name))])),
    descriptors: descriptorsOf(pid).join(" "),
    maps: mapsOf(pid),
    mounts: mountsOf(pid),
    namespaces: namespacesOf(pid),
    limits: readText(`/proc/${pid}/limits`),
  };
}

/** The names of the entries in which two tables differ, each with what changed. */
export function tableDifferences(before: ProcessTable, after: ProcessTable): string[] {
  return Object.keys(before)
    .filter((key) => before[key] !== after[key])
    .map((key) => `${key} ${firstDifference(before[key]!, after[key] ?? "")}`);
}

/** A pidfd of a slot says nothing: a zygote has one for each, and makes slots as they are needed. */
function descriptorsOf(pid: number): string[] {
  return listing(`/proc/${pid}/fd`, (name) => `${name}=${link(`/proc/${pid}/fd/${name}`)}`).filter(
    (each) => !each.endsWith("anon_inode:[pidfd]"),
  );
}

/** What it sees mounted. In this process's own namespace anybody on the machine mounts what they like. */
function mountsOf(pid: number): string {
  const isShared = link(`/proc/${pid}/ns/mnt`) === link("/proc/self/ns/mnt");
  return isShared ? "the host's" : readText(`/proc/${pid}/mountinfo`);
}

function namespacesOf(pid: number): string {
  return listing(`/proc/${pid}/ns`, (name) => link(`/proc/${pid}/ns/${name}`)).join(" ");
}

/** Where and what every mapping is. The stack grows downwards as it is used, so its beginning is left out. */
function mapsOf(pid: number): string {
  return readText(`/proc/${pid}/maps`)
    .split("\n")
    .map((line) => (line.endsWith("[stack]") ? line.replace(/^[0-9a-f]+/, "") : line))
    .join("\n");
}

function firstDifference(before: string, after: string): string {
  const lines = (text: string): string[] => text.split(/\n| (?=\d+=)/);
  const gone = lines(before).find((line) => !lines(after).includes(line)) ?? "";
  const come = lines(after).find((line) => !lines(before).includes(line)) ?? "";
  return `${JSON.stringify(gone)} became ${JSON.stringify(come)}`;
}

function listing(folder: string, describe: (name: string) => string): string[] {
  try {
    return readdirSync(folder)
      .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
      .map(describe);
  } catch (error) {
    return [errnoOf(error)];
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    return errnoOf(error);
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    return errnoOf(error);
  }
}

function errnoOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "failed";
}

function field(status: string, name: string): string {
  return new RegExp(`^${name}:[ \\t]*(.*)$`, "m").exec(status)?.[1]?.trim() ?? "";
}
