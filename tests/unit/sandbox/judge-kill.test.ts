import { expect, test } from "vitest";

import { machineOomKills, recentMachineOomKills } from "../../../src/sandbox/linux/machine-memory.ts";
import { judgeKill, type KillEvidence } from "../../../src/sandbox/zygote/judge-kill.ts";

/* Who ended a first process by SIGKILL: the sandbox itself, unless a count of the kernel's says otherwise. */

const megabyte = 1 << 20;
const nothing: KillEvidence = {
  group: undefined,
  machineOomKills: 0,
  cpuMs: 10,
  cpuLimitMs: 1_000,
  peakMemoryBytes: 80 * megabyte,
  memoryLimitBytes: 512 * megabyte,
};
const group = (oomKills: number, limitHits: number): Partial<KillEvidence> => ({
  group: { oomKills, limitHits },
});

test.for<[name: string, evidence: Partial<KillEvidence>, verdict: string]>([
  ["nothing is known", {}, "own"],
  ["its group counted nothing", group(0, 0), "own"],
  ["its group met its limit, and nothing was ended for it", group(0, 9), "own"],
  ["its group ended it at its own limit", group(1, 1), "memory"],
  ["its group saw it ended below its own limit", group(1, 0), "host memory"],
  [
    "something else on the machine was ended, as its group knows",
    { ...group(0, 0), machineOomKills: 3 },
    "own",
  ],
  ["its CPU time is used up", { cpuMs: 1_000 }, "cpu"],
  ["its CPU time is used up, and its group's memory too", { ...group(1, 1), cpuMs: 1_000 }, "memory"],
  ["without groups the machine ran out of memory", { machineOomKills: 1 }, "host memory"],
  [
    "without groups the machine ran out, and it held half of what it may",
    { machineOomKills: 1, peakMemoryBytes: 256 * megabyte },
    "memory",
  ],
])("where %s", ([, evidence, verdict]) => {
  expect(judgeKill({ ...nothing, ...evidence })).toBe(verdict);
});

test("the machine's count is the kernel's, and 0 where it has none", () => {
  expect(machineOomKills("pgfault 7\noom_kill 12\noom_kill_other 3\n")).toBe(12);
  expect(recentMachineOomKills(), "a count of a moment ago will do for a start").toBe(12);
  expect(machineOomKills("pgfault 7\n")).toBe(0);
  expect(machineOomKills()).toBeGreaterThanOrEqual(0);
});
