import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { makeFolders } from "../../base/make-folders.ts";
import { hostKind, type HostKind } from "./host-kind.ts";
import { unitLimits } from "./unit-limits.ts";

/*
 * Where groups of version 2 may be made. The tree has one owner for each part: systemd for what it makes, whoever it
 * delegates a unit to for what lies below that unit, a container's engine for what it gives a container. Nothing is made
 * in, moved out of or written to a group that was not given to this process:
 *
 *   - a unit with `Delegate=` is ours to divide, so groups are made below it;
 *   - root under systemd asks it for a scope of its own, beside the unit it is in and with that unit's limits (open-groups.ts);
 *   - a container's group is the container's, where its engine lets it write there;
 *   - on a host that nobody divides, groups are made below one that hands memory and pids down already.
 *
 * A group that hands controllers down may hold no processes itself. So those of a group that was given to us move into a
 * leaf of it first.
 */

/** What is asked about the surroundings of this process, or made up by a test. */
export interface GroupSurroundings extends HostKind {
  /** Where the control group file systems are mounted. */
  readonly root: string;
  /** The text of `/proc/self/cgroup` and of `/proc/self/mountinfo`. */
  readonly groups: string;
  readonly mounts: string;
  /** Whether systemd says that a unit is delegated; of the user's own manager, or the system's. */
  readonly isDelegated: (unit: string, manager: "user" | "system") => boolean;
}

/** A group below which others may be made. */
export interface GroupPlace {
  readonly path: string;
  /** Whether the processes in it may be moved into a leaf of it. */
  readonly mayMove: boolean;
}

/** A scope that systemd may be asked for. */
export interface WantedScope {
  readonly slice: string;
  /** Limits of the unit that this process is in, which the scope is to have too; as `systemd-run --property` takes them. */
  readonly limits: readonly string[];
}

/** Places to try in order; or the scope that may be asked for; or why there is nothing. */
export type GroupPlaces =
  | { readonly places: readonly GroupPlace[] }
  | { readonly scope: WantedScope }
  | { readonly reason: string };

/** Where the processes of a divided group stay. Its name is not that of an area, which a later start may sweep. */
const leafName = "sameseed.host";
/** The controllers without which a group limits nothing. What CPU time was used is counted in every group. */
const needed = ["memory", "pids"];
const moveTries = 5;

/** The surroundings of this process. */
export function ownSurroundings(root = "/sys/fs/cgroup"): GroupSurroundings {
  return {
    root,
    groups: readFileSync("/proc/self/cgroup", "latin1"),
    mounts: readFileSync("/proc/self/mountinfo", "latin1"),
    ...hostKind(),
    isDelegated,
  };
}

function isDelegated(unit: string, manager: "user" | "system"): boolean {
  try {
    const words = [`--${manager}`, "show", "--property=Delegate", unit];
    const said = execFileSync("systemctl", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return said.trim() === "Delegate=yes";
  } catch {
    return false;
  }
}

/** The path of this process's group in the tree of a controller of version 1, or of version 2 for "". */
export function ownGroup(groups: string, controller: string): string | undefined {
  const lines = groups.trim().split("\n");
  const line = lines.find((each) =>
    controller === "" ? each.startsWith("0::") : each.split(":")[1]!.split(",").includes(controller),
  );
  return line?.slice(line.indexOf(":", line.indexOf(":") + 1) + 1);
}

/** Where groups of version 2 may be made; undefined where that version has no controllers. */
export function groupPlaces(surroundings: GroupSurroundings): GroupPlaces | undefined {
  const { root, groups, mounts, hasSystemd, inContainer } = surroundings;
  const unified = existsSync(join(root, "cgroup.controllers")) ? root : join(root, "unified");
  const own = ownGroup(groups, "");
  if (own === undefined || !offers(unified)) return undefined;
  // A mount may show a part of the tree only; in a namespace of its own a process may see less than the mount shows.
  const top = mountedPart(mounts, unified, "cgroup2");
  const relative = own.startsWith("/..") ? undefined : belowPart(own, top);
  if (relative === undefined)
    return { reason: `${unified} shows the tree of another control group namespace than this process is in` };
  if (hasSystemd && relative.includes(".")) return placesUnderSystemd(surroundings, unified, relative);
  // The top of the whole tree has no type: one that has is the top of what a container was given.
  const isGiven =
    relative === "/" || relative === "" ? existsSync(join(unified, "cgroup.type")) : inContainer;
  if (isGiven) {
    const path = join(unified, relative.endsWith(`/${leafName}`) ? join(relative, "..") : relative);
    return { places: [{ path, mayMove: true }] };
  }
  const near = [join(unified, relative, ".."), join(unified, relative), unified];
  const places = [...new Set(near)].filter((path) => path.startsWith(unified) && handsDown(path));
  return places.length === 0 ? undefined : { places: places.map((path) => ({ path, mayMove: false })) };
}

function placesUnderSystemd(
  { isRoot, isDelegated: isGiven }: GroupSurroundings,
  unified: string,
  own: string,
): GroupPlaces {
  const parts = own.split("/");
  const at = parts.findLastIndex((part) => /\.(service|scope)$/.test(part));
  const managerAt = parts.findIndex((part) => /^user@\d+\.service$/.test(part));
  const unit = parts[at];
  const manager = managerAt !== -1 && managerAt < at ? "user" : "system";
  if (unit !== undefined && isGiven(unit, manager)) {
    const path = join(unified, ...parts.slice(0, at + 1));
    if (offers(path)) return { places: [{ path, mayMove: true }] };
    return { reason: `systemd gives ${unit} no memory and pids controllers` };
  }
  if (!isRoot) return { reason: `systemd has not delegated ${unit ?? own} to this user` };
  const above = managerAt === -1 ? parts : parts.slice(0, managerAt);
  const sliceAt = above.findLastIndex((part) => part.endsWith(".slice"));
  // Limits of the slice and of what is around it hold for the scope anyway.
  const inner = parts.map((_, end) => parts.slice(0, end + 1)).slice(Math.max(sliceAt, 0) + 1);
  const limits = unitLimits(inner.map((path) => join(unified, ...path)).toReversed());
  return { scope: { slice: parts[sliceAt] ?? "system.slice", limits } };
}

/** The part of a tree that is mounted somewhere, as this process's namespace names it. @param kind of file system */
export function mountedPart(mounts: string, at: string, kind: "cgroup" | "cgroup2"): string {
  const fields = mounts.split("\n").map((line) => line.split(" "));
  return fields.findLast((each) => each[4] === at && each.includes(kind))?.[3] ?? "/";
}

/** A group's name below the part of its tree that is mounted; undefined where it lies elsewhere. */
export function belowPart(own: string, top: string): string | undefined {
  if (top === "/") return own;
  return own === top || own.startsWith(`${top}/`) ? own.slice(top.length) : undefined;
}

function words(path: string): string[] {
  return existsSync(path) ? readFileSync(path, "latin1").trim().split(/\s+/) : [];
}

function offers(path: string): boolean {
  const given = words(join(path, "cgroup.controllers"));
  return needed.every((each) => given.includes(each));
}

function handsDown(path: string): boolean {
  const given = words(join(path, "cgroup.subtree_control"));
  return needed.every((each) => given.includes(each));
}

/** Has a group hand its controllers down; what runs in it moves into a leaf first, where that is allowed. */
export function divide({ path, mayMove }: GroupPlace): void {
  if (handsDown(path)) return;
  const leaf = join(path, leafName);
  if (mayMove) makeFolders(leaf);
  for (let tries = 1; ; tries++) {
    if (mayMove) for (const pid of words(join(path, "cgroup.procs"))) move(pid, leaf);
    try {
      writeFileSync(join(path, "cgroup.subtree_control"), needed.map((each) => `+${each}`).join(" "));
      return;
    } catch (error) {
      // A process of the group may have started another one meanwhile.
      if ((error as NodeJS.ErrnoException).code !== "EBUSY" || tries === moveTries) throw error;
    }
  }
}

function move(pid: string, to: string): void {
  // 0 is how a process looks that is in no namespace of ours: written, it would mean this process.
  if (pid === "" || pid === "0") return;
  try {
    writeFileSync(join(to, "cgroup.procs"), pid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
