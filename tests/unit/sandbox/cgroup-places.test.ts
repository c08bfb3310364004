import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import {
  divide,
  groupPlaces,
  ownGroup,
  type GroupSurroundings,
} from "../../../src/sandbox/linux/cgroup-places.ts";
import { CgroupArea } from "../../../src/sandbox/linux/cgroups.ts";

/* The layouts of hosts on plain folders; `npm run hosts` tries them on machines that have them. */

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sameseed-places-"));
  group("/", "cpu memory pids", "memory pids");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function group(path: string, controllers: string, handsDown = "", processes = ""): void {
  const folder = join(root, path);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "cgroup.controllers"), `${controllers}\n`);
  writeFileSync(join(folder, "cgroup.subtree_control"), `${handsDown}\n`);
  writeFileSync(join(folder, "cgroup.procs"), processes);
  if (path !== "/") writeFileSync(join(folder, "cgroup.type"), "domain\n");
}

/** An ordinary user of a host with systemd, in a unit that is not delegated, unless told otherwise. */
function inGroup(own: string, more: Partial<GroupSurroundings> = {}): GroupSurroundings {
  return {
    root,
    groups: `0::${own}\n`,
    mounts: "",
    isRoot: false,
    hasSystemd: true,
    inContainer: false,
    inPod: false,
    isDelegated: () => false,
    ...more,
  };
}

const userScope = "/user.slice/user-1000.slice/user@1000.service/app.slice/run-1.scope";

test.each([
  ["a service", "/system.slice/work.service", "system.slice"],
  ["a service in a slice of its own", "/batch.slice/batch-night.slice/work.service", "batch-night.slice"],
  ["a login session", "/user.slice/user-0.slice/session-3.scope", "user-0.slice"],
  ["its own manager's unit", "/user.slice/user-0.slice/user@0.service/app.slice/a.scope", "user-0.slice"],
  ["the first program's own group", "/init.scope", "system.slice"],
])("root in %s asks for a scope in the slice that it is in", (_, own, slice) => {
  group("/system.slice", "cpu memory pids", "memory pids");
  const surroundings = inGroup(own, { isRoot: true });
  const scope = { slice, limits: [] };
  expect(groupPlaces(surroundings)).toEqual({ scope });
  expect(CgroupArea.open(surroundings)).toMatchObject({ scope });
  expect(existsSync(join(root, "system.slice/sameseed.host")), "systemd's slice is left alone").toBe(false);
});

test("a scope beside a unit has that unit's limits, the smallest on the way to its slice, and not those of the slice", () => {
  const user = "/user.slice/user-0.slice/user@0.service";
  const own = `${user}/app.slice/work.service/sub`;
  const limit = (path: string, limits: Record<string, string>): void => {
    group(path, "memory pids");
    for (const [file, text] of Object.entries(limits)) writeFileSync(join(root, path, file), `${text}\n`);
  };
  limit("/user.slice/user-0.slice", { "memory.max": "1000", "cpuset.cpus": "9" });
  limit(user, { "memory.max": "5000", "pids.max": "40", "cpuset.cpus": "0-3", "memory.swap.max": "0" });
  limit(`${user}/app.slice`, { "memory.max": "max", "memory.high": "max", "cpu.max": "150000 100000" });
  limit(`${user}/app.slice/work.service`, {
    "memory.max": "7000",
    "pids.max": "30",
    "cpuset.cpus": "",
    "cpu.max": "max 100000",
  });
  limit(own, { "memory.max": "6000" });
  expect(groupPlaces(inGroup(own, { isRoot: true }))).toEqual({
    scope: {
      slice: "user-0.slice",
      limits: ["MemoryMax=5000", "MemorySwapMax=0", "TasksMax=30", "CPUQuota=150.00%", "AllowedCPUs=0-3"],
    },
  });
});

test("an ordinary user's session is not divided, and the reason names it", () => {
  const own = "/user.slice/user-1000.slice/session-3.scope";
  group("/user.slice/user-1000.slice", "memory pids", "memory pids");
  const opened = CgroupArea.open(inGroup(own));
  expect(opened).toEqual({ reason: expect.stringContaining("session-3.scope") });
});

test.each([
  ["itself", userScope],
  ["a leaf below it", `${userScope}/sameseed.host`],
])("a delegated unit is divided, from %s; its manager is asked about it", (_, own) => {
  group(userScope, "memory pids");
  const asked: string[] = [];
  const isDelegated = (unit: string, manager: string): boolean => asked.push(`${manager} ${unit}`) > 0;
  expect(groupPlaces(inGroup(own, { isDelegated }))).toEqual({
    places: [{ path: join(root, userScope), mayMove: true }],
  });
  expect(asked).toEqual(["user run-1.scope"]);
});

test("a delegated service of the system is divided, as root too", () => {
  group("/system.slice/work.service", "memory pids");
  const surroundings = inGroup("/system.slice/work.service", {
    isRoot: true,
    isDelegated: (unit, manager) => unit === "work.service" && manager === "system",
  });
  const path = join(root, "system.slice/work.service");
  expect(groupPlaces(surroundings)).toEqual({ places: [{ path, mayMove: true }] });
});

test("a delegated unit without the controllers says so", () => {
  group(userScope, "cpu pids");
  expect(groupPlaces(inGroup(userScope, { isDelegated: () => true }))).toEqual({
    reason: expect.stringContaining("no memory and pids"),
  });
});

test("the top of a container's own namespace is the container's", () => {
  const container = { hasSystemd: false, inContainer: true } as const;
  writeFileSync(join(root, "cgroup.type"), "domain\n");
  const places = { places: [{ path: `${root}/`, mayMove: true }] };
  expect(groupPlaces(inGroup("/", container))).toEqual(places);
  expect(groupPlaces(inGroup("/", { ...container, inContainer: false }))).toEqual(places);
});

test("in the host's namespace, a container's group is the one that it is in, never the slice above", () => {
  group("/system.slice", "memory pids", "memory pids");
  const own = "/system.slice/docker-1.scope";
  const container = { hasSystemd: false, inContainer: true, isRoot: true } as const;
  const places = { places: [{ path: join(root, own), mayMove: true }] };
  expect(groupPlaces(inGroup(own, container))).toEqual(places);
  expect(groupPlaces(inGroup(`${own}/sameseed.host`, container))).toEqual(places);
});

test("a mount that shows a part of the tree is read from there", () => {
  const own = "/system.slice/docker-1.scope";
  const mounts = `30 20 0:1 ${own} ${root} rw - cgroup2 cgroup rw\n`;
  writeFileSync(join(root, "cgroup.type"), "domain\n");
  const container = { hasSystemd: false, inContainer: true, mounts } as const;
  expect(groupPlaces(inGroup(own, container))).toEqual({ places: [{ path: root, mayMove: true }] });
});

test.each([
  ["the mount shows more than the namespace", "/", "/../.."],
  ["the process is outside its namespace", "/../other", "/"],
])("where %s, nothing is made: the paths would be another's", (_, own, shown) => {
  const mounts = `30 20 0:1 ${shown} ${root} rw - cgroup2 cgroup rw\n`;
  const surroundings = inGroup(own, { hasSystemd: false, inContainer: true, isRoot: true, mounts });
  expect(groupPlaces(surroundings)).toEqual({
    reason: expect.stringContaining("another control group namespace"),
  });
});

test("a host that nobody divides is used where a group hands memory and pids down, and no process is moved", () => {
  const plain = { hasSystemd: false, isRoot: true } as const;
  group("/work", "memory pids", "", "7\n");
  expect(groupPlaces(inGroup("/work", plain))).toEqual({ places: [{ path: root, mayMove: false }] });
  group("/", "cpu memory pids", "cpu");
  expect(groupPlaces(inGroup("/work", plain))).toBeUndefined();
});

test("version 2 without controllers is not used", () => {
  group("/", "", "");
  expect(groupPlaces(inGroup("/", { hasSystemd: false }))).toBeUndefined();
  expect(groupPlaces(inGroup("/", { hasSystemd: false, groups: "4:memory:/a:b\n" }))).toBeUndefined();
  expect(ownGroup("4:memory,pids:/a:b\n", "pids")).toBe("/a:b");
});

test("processes of a given group move into a leaf before it hands its controllers down", () => {
  group("/mine", "memory pids", "", "11\n0\n12\n");
  const path = join(root, "mine");
  divide({ path, mayMove: true });
  const leaf = join(path, "sameseed.host");
  // A folder keeps only what was written last: the one that is no process of this namespace was not.
  expect(readFileSync(join(leaf, "cgroup.procs"), "utf8")).toBe("12");
  expect(readFileSync(join(path, "cgroup.subtree_control"), "utf8")).toBe("+memory +pids");
});

test("a group that hands them down already is left as it is", () => {
  group("/mine", "memory pids", "memory pids", "11\n");
  divide({ path: join(root, "mine"), mayMove: true });
  expect(existsSync(join(root, "mine/sameseed.host"))).toBe(false);
});

test("nothing is moved out of a group that was not given", () => {
  group("/others", "memory pids", "", "11\n");
  divide({ path: join(root, "others"), mayMove: false });
  expect(existsSync(join(root, "others/sameseed.host"))).toBe(false);
});

test("a given group that is read-only is told as that, as in a container of Docker's", () => {
  group("/mine", "memory pids");
  const path = join(root, "mine");
  const module = resolve(import.meta.dirname, "../../../src/sandbox/linux/cgroup-places.ts");
  const code = `const { divide } = await import(${JSON.stringify(module)});
    try { divide({ path: ${JSON.stringify(path)}, mayMove: true }); } catch (error) { console.log(error.code); }`;
  const script = 'mount --bind "$0" "$0"; mount -o remount,bind,ro "$0"; exec "$@"';
  const node = [process.execPath, "--input-type=module", "-e", code];
  const { stdout, stderr } = spawnSync("unshare", ["-r", "-m", "sh", "-e", "-c", script, path, ...node], {
    encoding: "utf8",
  });
  expect(stdout, stderr).toBe("EROFS\n");
});
