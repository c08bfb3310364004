import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

import { ownSurroundings, type GroupSurroundings } from "../../../src/sandbox/linux/cgroup-places.ts";
import { CgroupArea } from "../../../src/sandbox/linux/cgroups.ts";
import { startTime } from "../../../src/sandbox/linux/processes.ts";

/* Version 2 on a plain folder that has the files; what the kernel does with them is the contract suite's matter. */

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sameseed-cgroups-"));
  writeFileSync(join(root, "cgroup.controllers"), "cpu memory pids\n");
  writeFileSync(join(root, "cgroup.subtree_control"), "cpu memory pids\n");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A host that nobody divides. */
function plain(at = root): GroupSurroundings {
  return {
    ...ownSurroundings(at),
    groups: "0::/\n",
    mounts: "",
    hasSystemd: false,
    inContainer: false,
    inPod: false,
  };
}

function areaFolders(): string[] {
  return readdirSync(root).filter((name) => name.startsWith("sameseed-"));
}

test("an area of version 2 is named by its process, and hands its controllers down", () => {
  const area = CgroupArea.open(plain());
  if (!(area instanceof CgroupArea)) throw new Error(area.reason);
  expect(area.version).toBe("cgroup-v2");
  expect(areaFolders()).toEqual([
    expect.stringMatching(`^sameseed-${process.pid}-${startTime(process.pid)}-\\d+$`),
  ]);
  expect(readFileSync(join(area.folders[0]!, "cgroup.subtree_control"), "utf8")).toBe("+memory +pids");
});

test("a slot's counters and limits are version 2's files", async () => {
  const area = CgroupArea.open(plain());
  if (!(area instanceof CgroupArea)) throw new Error(area.reason);
  const folder = join(area.folders[0]!, "slot-0");
  mkdirSync(folder);
  writeFileSync(join(folder, "memory.events"), "low 0\nhigh 0\nmax 9\noom 5\noom_kill 3\noom_group_kill 1\n");
  writeFileSync(join(folder, "pids.events"), "max 4\n");
  writeFileSync(join(folder, "cpu.stat"), "usage_usec 2500\nuser_usec 2000\nsystem_usec 500\n");
  const slot = area.slot();
  expect(slot.counters()).toEqual({ oomKills: 3, limitHits: 5, forkRefusals: 4, cpuMs: 2.5 });
  slot.limit(1000, 5);
  await slot.placeSoon(42);
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  expect([read("memory.max"), read("pids.max"), read("cgroup.procs")]).toEqual(["1000", "5", "42"]);
  rmSync(join(folder, "pids.max"));
  slot.limit(2000, 5);
  expect(read("memory.max")).toBe("2000");
  expect(existsSync(join(folder, "pids.max")), "an unchanged limit is not written again").toBe(false);
});

test("what dead hosts left is swept, what living ones have stays", () => {
  const mine = `sameseed-${process.pid}-${startTime(process.pid)}-900`;
  for (const name of ["sameseed-999999999-1-0", `sameseed-${process.pid}-1-0`, mine, "other"]) {
    mkdirSync(join(root, name, "slot-0"), { recursive: true });
  }
  const area = CgroupArea.open(plain());
  expect(area).toBeInstanceOf(CgroupArea);
  const left = readdirSync(root);
  expect(left).toContain(mine);
  expect(left).toContain("other");
  expect(left).not.toContain("sameseed-999999999-1-0");
  expect(left).not.toContain(`sameseed-${process.pid}-1-0`);
});

/** A plain folder for each controller of version 1, below the path that this process has there. */
function makeVersion1(): Record<"memory" | "pids" | "cpuacct", string> {
  for (const name of ["cgroup.controllers", "cgroup.subtree_control"]) rmSync(join(root, name));
  const folder = (name: string): string => {
    const path = join(root, name);
    mkdirSync(path, { recursive: true });
    return path;
  };
  const found = { memory: folder("memory"), pids: folder("pids"), cpuacct: folder("cpuacct") };
  writeFileSync(join(found.memory, "memory.limit_in_bytes"), "");
  writeFileSync(join(found.cpuacct, "cpuacct.usage"), "");
  return found;
}

test("an area that cannot be made whole leaves nothing of itself", () => {
  const { memory, pids } = makeVersion1();
  const whole = CgroupArea.open(plain());
  if (!(whole instanceof CgroupArea)) throw new Error(whole.reason);
  expect(whole.version).toBe("cgroup-v1");
  expect(whole.remove()).toBe(true);
  const next = basename(whole.folders[0]!).replace(/\d+$/, (count) => String(Number(count) + 1));
  mkdirSync(join(pids, next));
  expect(CgroupArea.open(plain())).toEqual({ reason: expect.stringContaining("EEXIST") });
  expect(readdirSync(memory).filter((name) => name.startsWith("sameseed-"))).toEqual([]);
});

test("a container that sees its own group of version 1 as the top finds it there, by its whole name or a shorter one", () => {
  const { memory, pids, cpuacct } = makeVersion1();
  mkdirSync(join(memory, "inner"));
  writeFileSync(join(memory, "inner/memory.limit_in_bytes"), "");
  const own = "/kubepods/besteffort/pod1/2";
  const shown = (name: string, part = own): string =>
    `33 29 0:32 ${part} ${join(root, name)} rw,nosuid master:9 - cgroup cgroup rw,${name}\n`;
  const pod = {
    ...plain(),
    groups: `4:memory:${own}/inner\n8:pids:${own}\n2:cpuacct:${own}\n0::${own}\n`,
    mounts: shown("memory") + shown("pids") + shown("cpuacct"),
  };
  const area = CgroupArea.open(pod);
  if (!(area instanceof CgroupArea)) throw new Error(area.reason);
  expect(area.folders.map((folder) => join(folder, ".."))).toEqual([join(memory, "inner"), pids, cpuacct]);
  expect(area.remove()).toBe(true);
  // Another group whose name begins alike is not around this one.
  const other = { ...pod, mounts: shown("memory", "/kubepods/best") + shown("pids") + shown("cpuacct") };
  expect(CgroupArea.open(other)).toEqual({ reason: expect.stringContaining("no control groups") });
});

test("a group is removed once, and again without harm", () => {
  const area = CgroupArea.open(plain());
  if (!(area instanceof CgroupArea)) throw new Error(area.reason);
  const folder = join(area.folders[0]!, "slot-0");
  mkdirSync(folder);
  for (const name of ["memory.events", "pids.events", "cpu.stat"]) writeFileSync(join(folder, name), "");
  const slot = area.slot();
  expect(slot.remove(), "it is not empty").toBe(false);
  rmSync(folder, { recursive: true });
  expect(slot.remove()).toBe(true);
  rmSync(join(area.folders[0]!, "cgroup.subtree_control"));
  expect(area.remove()).toBe(true);
  expect(area.remove()).toBe(true);
});

test("a folder without controllers says why there can be no area", () => {
  const empty = mkdtempSync(join(tmpdir(), "sameseed-cgroups-"));
  try {
    expect(CgroupArea.open(plain(empty))).toEqual({ reason: expect.stringContaining("no control groups") });
  } finally {
    rmSync(empty, { recursive: true });
  }
});
