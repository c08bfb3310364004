import { readFileSync } from "node:fs";
import { join } from "node:path";

import { rawSource } from "../walls/probe.ts";
import type { Limits } from "../../../src/model/limits.ts";
import { numberHere } from "../walls/program-probes.ts";

/** A way for one sandbox to tell another something. */
export interface Channel {
  readonly name: string;
  /** Below `channels/`, with a `Writer` and a `Reader`. */
  readonly file: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** What the ends share: a file of the tree, which is cold at the start and has a page in four for each bit. */
  readonly coldFile?: boolean;
  /** Both ends have the same open file as descriptor 0 where there is no wall. */
  readonly sharedInput?: boolean;
  /** What each sandbox may use, where that is not the usual. */
  readonly limits?: Partial<Limits>;
  /** Closed only where each slot has an id of its own. */
  readonly needsOwnIds?: boolean;
  /** An address family that a host may lack; then there is no channel. */
  readonly family?: number;
}

const numbers = Object.fromEntries(
  ["add_key", "keyctl", "futex", "cachestat"].map((name) => [name, numberHere(name)]),
);

const kinds = (
  file: string,
  label: string,
  names: readonly string[],
  more: Partial<Channel> = {},
): Channel[] => names.map((kind) => ({ name: `${label} ${kind}`, file, parameters: { kind }, ...more }));

/** Channels that the wall closes: their readers know nothing. */
export const closedChannels: readonly Channel[] = [
  ...kinds("lock", "lock", ["flock", "posix", "ofd"]),
  { name: "lease", file: "lease" },
  { name: "inotify", file: "watch" },
  { name: "inotify instances of the user", file: "watch_pool" },
  { name: "keyring", file: "keyring" },
  ...kinds("sysv", "System V", ["shm", "msg", "sem"]),
  { name: "POSIX message queue", file: "message_queue" },
  { name: "/dev/shm", file: "file", parameters: { folder: "/dev/shm" } },
  { name: "/tmp", file: "file", parameters: { folder: "/tmp" } },
  ...kinds("abstract_socket", "address", ["abstract"]),
  ...kinds("abstract_socket", "address", ["vsock"], { family: 40 }),
  ...kinds("file_time", "file", ["mtime", "atime"]),
  ...kinds("residency", "page cache by", ["mincore", "cachestat", "preadv2"], { coldFile: true }),
  ...kinds("process_numbers", "numbers of", ["pid", "pidfd"]),
  { name: "sysinfo", file: "machine_counts" },
  { name: "flags of descriptor 0", file: "shared_descriptor", sharedInput: true },
  { name: "offset of descriptor 0", file: "shared_offset", sharedInput: true },
  { name: "signal to the process group", file: "group_signal" },
  { name: "processes of the user", file: "process_pool", limits: { processes: 7 } },
  { name: "waiting signals of the user", file: "signal_pool" },
  { name: "pipe pages of the user, by large pipes", file: "pipe_pool" },
  { name: "descriptors of the user on their way", file: "descriptor_pool" },
  { name: "pipe pages of the user, by many pipes", file: "pipe_pool_slow", needsOwnIds: true },
];

/** Channels that namespaces and filters leave open. They are measured, and `SECURITY.md` lists them. */
export const openChannels: readonly Channel[] = [
  { name: "page cache by timing", file: "residency", parameters: { kind: "timing" }, coldFile: true },
  { name: "futex on a shared file", file: "futex" },
  { name: "inode numbers of pipes", file: "inode_numbers" },
  { name: "processor load", file: "load" },
  { name: "processor cache", file: "cache" },
];

/** The source of one end of a channel. */
export function endSource(
  channel: Channel,
  role: "writer" | "reader",
  parameters: Readonly<Record<string, unknown>>,
): string {
  const all = { numbers, ...channel.parameters, ...parameters, role };
  const literal = JSON.stringify(JSON.stringify(all));
  const [ends, driver] = [join("channels", `${channel.file}.py`), "driver.py"].map((name) =>
    readFileSync(join(import.meta.dirname, name), "utf8"),
  );
  return `${rawSource}\nimport json\nPARAMS = json.loads(${literal})\n${ends}\n${driver}`;
}
