import { readdirSync, readFileSync, readlinkSync } from "node:fs";

import { childPids } from "../linux/processes.ts";

/** Above every limit, for streams of copies (`FD_TREE`). */
const treeDescriptor = 1000;
/** Streams, at the numbers that every sandbox has them: what each leads to. */
const streams = [/^\/dev\/null$/, /^pipe:/, /^pipe:/, /^socket:/] as const;
/** O_APPEND, O_NONBLOCK, O_ASYNC: not as a new stream has them. */
const changedFlags = 0o2000 | 0o4000 | 0o20000;
/** With what a copy needs beside them, still below the limit of every sandbox. */
const descriptorsMost = 200;
const ownFolders = ["/tmp/", "/dev/shm/"];

/**
 * Why a process cannot be copied, by the kernel's account of it; undefined if it can.
 * @param pid of the trunk on this host
 * @param copies its copies, which are its children and do not count
 */
export function copyRefusal(pid: number, copies: ReadonlySet<number>): string | undefined {
  try {
    return (
      refuseThreads(read(pid, "status")) ??
      refuseChildren(pid, copies) ??
      refuseMemory(pid) ??
      refuseDescriptors(pid) ??
      (read(pid, "timers") === "" ? undefined : "it has a timer of the kernel's")
    );
  } catch (error) {
    return `this host does not let it be looked at (${(error as NodeJS.ErrnoException).code ?? "unknown"})`;
  }
}

function read(pid: number, file: string): string {
  return readFileSync(`/proc/${pid}/${file}`, "latin1");
}

function refuseThreads(status: string): string | undefined {
  const threads = Number(/^Threads:\s+(\d+)$/m.exec(status)?.[1]);
  if (threads !== 1) return `it has ${threads} threads`;
  const pending = /^S(?:ig|hd)Pnd:\s+0*[1-9a-f]/m.test(status);
  return pending ? "a signal waits for it" : undefined;
}

function refuseChildren(pid: number, copies: ReadonlySet<number>): string | undefined {
  const children = childPids(pid).filter((child) => !copies.has(child));
  return children.length > 0 ? "it has a child process" : undefined;
}

function refuseMemory(pid: number): string | undefined {
  const own = ownDevices(read(pid, "mountinfo"));
  for (const line of read(pid, "maps").split("\n")) {
    const [, access = "", , device = ""] = line.split(" ", 4);
    if (access[3] === "s" && access[1] === "w") return "it has memory that other processes could share";
    if (own.has(device)) return "it has a file in /tmp in its memory";
  }
  return undefined;
}

/** Devices of `/tmp` and `/dev/shm`, as `maps` writes them. */
function ownDevices(mountinfo: string): Set<string> {
  const devices = new Set<string>();
  for (const line of mountinfo.split("\n")) {
    const [, , device = "", , point = ""] = line.split(" ", 5);
    if (!ownFolders.includes(`${point}/`)) continue;
    const [major = 0, minor = 0] = device.split(":").map(Number);
    devices.add(`${major.toString(16).padStart(2, "0")}:${minor.toString(16).padStart(2, "0")}`);
  }
  return devices;
}

function refuseDescriptors(pid: number): string | undefined {
  const open = readdirSync(`/proc/${pid}/fd`).map(Number);
  if (open.length > descriptorsMost) return `it has ${open.length} descriptors open`;
  for (const [fd, leadsTo] of streams.entries()) {
    const flags = /^flags:\s+(\d+)$/m.exec(read(pid, `fdinfo/${fd}`))?.[1] ?? "0";
    const isChanged = (Number.parseInt(flags, 8) & changedFlags) !== 0;
    if (isChanged || !leadsTo.test(readlinkSync(`/proc/${pid}/fd/${fd}`)))
      return `its descriptor ${fd} is not the stream that it was given`;
  }
  for (const fd of open) {
    if (fd < streams.length || fd === treeDescriptor) continue;
    const file = readlinkSync(`/proc/${pid}/fd/${fd}`);
    if (!ownFolders.some((folder) => file.startsWith(folder)))
      return `its descriptor ${fd} is no file in /tmp`;
    if (file.endsWith(" (deleted)")) return `its descriptor ${fd} is a file without a name`;
  }
  return undefined;
}
