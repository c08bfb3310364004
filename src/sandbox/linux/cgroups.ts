import { closeSync, existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { toError } from "../../base/error.ts";
import {
  belowPart,
  divide,
  groupPlaces,
  mountedPart,
  ownGroup,
  ownSurroundings,
  type GroupPlace,
  type GroupSurroundings,
  type WantedScope,
} from "./cgroup-places.ts";
import { eventCount, openAll, readAll } from "./counter-files.ts";
import { startTime } from "./processes.ts";

/*
 * Theory of operation. Each slot sits in a control group of its own for its whole life, because moving a process costs
 * a grace period of the kernel (measured: about 10 ms) and a sandbox inherits the group for nothing. Between sandboxes
 * only numbers change: the limits, when the next sandbox asks for others, and the counters, which are read as
 * differences. Groups lie below `sameseed-<pid>-<start time>`, so that what a killed host left is known to be nobody's;
 * the janitor removes it at once, the next start sweeps what even the janitor missed.
 *
 * Version 1 has a tree per controller, version 2 one tree; both offer the same few numbers under other names. Where in the
 * tree of version 2 groups may be made is a question of its own (cgroup-places.ts).
 *
 * `memory.oom.group` stays off: a slot shares its group with its sandbox, and would be ended with it.
 */

/** What a control group has counted so far. */
export interface GroupCounters {
  /** Processes the kernel ended for want of memory, the group's own or that of a group around it. */
  readonly oomKills: number;
  /** How often the group's own memory limit was reached: only then was a process of it ended for what it used itself. */
  readonly limitHits: number;
  /** Forks it refused. */
  readonly forkRefusals: number;
  /** CPU time of everything that ever ran in it, in ms. */
  readonly cpuMs: number;
}

/** Which version is in use. */
export type CgroupVersion = "cgroup-v1" | "cgroup-v2";

interface Layout {
  readonly version: CgroupVersion;
  /** Folders below which a group is made: one per controller in version 1. */
  readonly roots: { readonly memory: string; readonly pids: string; readonly cpu: string };
  /** The group to divide first, in version 2. */
  readonly place?: GroupPlace;
  readonly files: {
    readonly memoryMax: string;
    readonly oomEvents: string;
    readonly limitHits: string;
    readonly cpuUsage: string;
  };
}

const v1Files: Layout["files"] = {
  memoryMax: "memory.limit_in_bytes",
  oomEvents: "memory.oom_control",
  limitHits: "memory.failcnt",
  cpuUsage: "cpuacct.usage",
};
const v2Files: Layout["files"] = {
  memoryMax: "memory.max",
  oomEvents: "memory.events",
  limitHits: "memory.events",
  cpuUsage: "cpu.stat",
};

/** One slot's group. */
export class SlotGroup {
  readonly #layout: Layout;
  readonly #name: string;
  readonly #files: Readonly<Record<"oom" | "hits" | "pids" | "cpu", number>>;
  #memoryBytes = 0;
  #processes = 0;
  #socketBytes = 0;
  #seen: GroupCounters | undefined;
  #isClosed = false;

  constructor(layout: Layout, name: string) {
    this.#layout = layout;
    this.#name = name;
    for (const root of new Set(Object.values(layout.roots))) mkdirSync(join(root, name), { recursive: true });
    const [oom, hits, pids, cpu] = openAll([
      this.#file("memory", layout.files.oomEvents),
      this.#file("memory", layout.files.limitHits),
      this.#file("pids", "pids.events"),
      this.#file("cpu", layout.files.cpuUsage),
    ]);
    this.#files = { oom: oom!, hits: hits!, pids: pids!, cpu: cpu! };
    // Memory that is swapped out does not count in version 2, and would let a sandbox have more than its limit.
    const swap = this.#file("memory", "memory.swap.max");
    if (layout.version === "cgroup-v2" && existsSync(swap)) writeFileSync(swap, "0");
  }

  #file(controller: keyof Layout["roots"], name: string): string {
    return join(this.#layout.roots[controller], this.#name, name);
  }

  /** Moves a process in; its later children are born in the group. Others go on meanwhile. */
  async placeSoon(pid: number): Promise<void> {
    await Promise.all(this.#lists().map(async (path) => await writeFile(path, String(pid))));
  }

  /** The list of processes in each tree. */
  #lists(): string[] {
    return [...new Set(Object.values(this.#layout.roots))].map((root) =>
      join(root, this.#name, "cgroup.procs"),
    );
  }

  /** Sets the limits for what runs next. The slot itself is counted: callers leave room for it. */
  limit(memoryBytes: number, processes: number): void {
    if (memoryBytes !== this.#memoryBytes) {
      writeFileSync(this.#file("memory", this.#layout.files.memoryMax), String(memoryBytes));
      this.#memoryBytes = memoryBytes;
    }
    if (processes !== this.#processes) {
      writeFileSync(this.#file("pids", "pids.max"), String(processes));
      this.#processes = processes;
    }
  }

  /** Has its sockets' buffers counted: version 2 counts them as memory, version 1 where they have a limit of their own. */
  limitSockets(bytes: number): void {
    if (this.#layout.version === "cgroup-v1" && bytes !== this.#socketBytes)
      writeFileSync(this.#file("memory", "memory.kmem.tcp.limit_in_bytes"), String(bytes));
    this.#socketBytes = bytes;
  }

  /** What was counted since the group was made. */
  counters(): GroupCounters {
    this.#seen = {
      oomKills: eventCount(readAll(this.#files.oom), "oom_kill"),
      limitHits: this.#limitHits(),
      forkRefusals: eventCount(readAll(this.#files.pids), "max"),
      cpuMs: this.cpuMs(),
    };
    return this.#seen;
  }

  /** The counters as they stand before the next sandbox: nothing but sandboxes moves the events, so those were seen last time. */
  countersBefore(): GroupCounters {
    return this.#seen === undefined ? this.counters() : { ...this.#seen, cpuMs: this.cpuMs() };
  }

  /** CPU time of everything that ever ran in it, in ms. */
  cpuMs(): number {
    const text = readAll(this.#files.cpu);
    return this.#layout.version === "cgroup-v1" ? Number(text) / 1e6 : eventCount(text, "usage_usec") / 1e3;
  }

  #limitHits(): number {
    const text = readAll(this.#files.hits);
    return this.#layout.version === "cgroup-v1" ? Number(text) : eventCount(text, "oom");
  }

  /** Removes the group once it is empty; false where something still runs in it. Its counters cannot be read any more. */
  remove(): boolean {
    if (!this.#isClosed) for (const file of Object.values(this.#files)) closeSync(file);
    this.#isClosed = true;
    return [...new Set(Object.values(this.#layout.roots))].every((root) =>
      removeFolder(join(root, this.#name)),
    );
  }
}

function removeFolder(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch {
    return !existsSync(path);
  }
}

/** Why there is no area; where systemd can be asked for a group of our own, what to ask it for. */
export interface NoArea {
  readonly reason: string;
  readonly scope?: WantedScope;
}

/** The folder of one host process's groups. */
export class CgroupArea {
  readonly version: CgroupVersion;
  /** Every folder to remove when the host is gone, deepest last. */
  readonly folders: readonly string[];
  readonly #layout: Layout;
  readonly #name: string;
  #count = 0;

  private constructor(layout: Layout, name: string) {
    this.#layout = layout;
    this.#name = name;
    this.version = layout.version;
    this.folders = [...new Set(Object.values(layout.roots))].map((root) => join(root, name));
    const made: string[] = [];
    try {
      if (layout.place !== undefined) divide(layout.place);
      for (const folder of this.folders) {
        mkdirSync(folder);
        made.push(folder);
      }
      // Version 2 gives a group's children only the controllers that the group hands down.
      if (layout.version === "cgroup-v2") divide({ path: this.folders[0]!, mayMove: false });
    } catch (error) {
      for (const folder of made) removeFolder(folder);
      throw error;
    }
  }

  /**
   * Makes an area, or says why there can be none (the usual answer for an ordinary user).
   * @param surroundings what this process is in
   */
  static open(surroundings: GroupSurroundings = ownSurroundings()): CgroupArea | NoArea {
    const reasons: string[] = [];
    const unified = groupPlaces(surroundings);
    if (unified !== undefined && "scope" in unified)
      return { reason: "systemd divides this host's control groups", scope: unified.scope };
    if (unified !== undefined && "reason" in unified) reasons.push(unified.reason);
    const places = unified !== undefined && "places" in unified ? unified.places : [];
    for (const layout of [...places.map(layoutOf), ...version1(surroundings)]) {
      try {
        return CgroupArea.#in(layout);
      } catch (error) {
        reasons.push(`${layout.version} at ${layout.roots.memory}: ${toError(error).message}`);
      }
    }
    return { reason: reasons.join("; ") || "no control groups with memory and pids controllers are mounted" };
  }

  /** Makes an area of version 2 below a group that was made for it. */
  static below(place: GroupPlace): CgroupArea {
    return CgroupArea.#in(layoutOf(place));
  }

  static #in(layout: Layout): CgroupArea {
    sweepAbandoned(layout);
    const started = startTime(process.pid) ?? "0";
    return new CgroupArea(layout, `${areaPrefix}${process.pid}-${started}-${nextArea++}`);
  }

  /** Makes the next slot's group. */
  slot(): SlotGroup {
    return new SlotGroup(this.#layout, join(this.#name, `slot-${this.#count++}`));
  }

  /** Removes the area; false where something still runs in it. */
  remove(): boolean {
    return this.folders.map((folder) => removeArea(folder)).every(Boolean);
  }
}

const areaPrefix = "sameseed-";
let nextArea = 0;

function removeArea(folder: string): boolean {
  if (!existsSync(folder)) return true;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeFolder(join(folder, entry.name));
  }
  return removeFolder(folder);
}

function layoutOf(place: GroupPlace): Layout {
  const { path } = place;
  return { version: "cgroup-v2", roots: { memory: path, pids: path, cpu: path }, place, files: v2Files };
}

function version1({ root, groups, mounts }: GroupSurroundings): Layout[] {
  const [memory, pids, cpu] = ["memory", "pids", "cpuacct"].map((name) => {
    const own = ownGroup(groups, name) ?? "/";
    // Containers see no more of a tree than their own group, and its name from the top all the same.
    const top = mountedPart(mounts, join(root, name), "cgroup");
    return join(root, name, belowPart(own, top) ?? own);
  });
  const isThere = [join(memory!, v1Files.memoryMax), pids!, join(cpu!, v1Files.cpuUsage)].every((path) =>
    existsSync(path),
  );
  return isThere
    ? [{ version: "cgroup-v1", roots: { memory: memory!, pids: pids!, cpu: cpu! }, files: v1Files }]
    : [];
}

/** Removes what hosts that are dead left behind; a host that lives is known by its id and start time. */
function sweepAbandoned(layout: Layout): void {
  for (const root of new Set(Object.values(layout.roots))) {
    for (const name of readdirSync(root).filter((each) => each.startsWith(areaPrefix))) {
      const [pid, started] = name.slice(areaPrefix.length).split("-");
      if (startTime(Number(pid)) !== started) removeArea(join(root, name));
    }
  }
}
