import { globSync, readdirSync, readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { childPids } from "../../src/sandbox/linux/processes.ts";
import { groupFolders, mounts } from "./left-behind.ts";

/** What must stay as it is however many rollouts there were; read while none runs. */
export interface Gauges {
  readonly heapBytes: number;
  readonly rssBytes: number;
  readonly descriptors: number;
  readonly mounts: number;
  readonly groups: number;
  readonly processes: number;
  readonly zygotes: number;
  readonly zygoteRssBytes: number;
  readonly zygoteDescriptors: number;
  readonly zygoteMounts: number;
  readonly slots: number;
  readonly slotRssBytes: number;
  readonly slotDescriptors: number;
  /** How long the slowest hundredth of the honest rollouts took at least. */
  readonly p99Ms: number;
}

const mebibyte = 1024 * 1024;

/** The most that is still flat, from what was at the beginning. Counts must be equal. */
const most: Readonly<Partial<Record<keyof Gauges, (before: number) => number>>> = {
  heapBytes: (before) => before + 8 * mebibyte,
  rssBytes: (before) => before * 1.25 + 32 * mebibyte,
  zygoteRssBytes: (before) => before + 2 * mebibyte,
  slotRssBytes: (before) => before + 4 * mebibyte,
  p99Ms: (before) => 2 * before + 20,
};

/** Reads everything but the latency. */
export function readGauges(zygotes: readonly number[]): Omit<Gauges, "p99Ms"> {
  collectGarbage();
  const slots = zygotes.flatMap(childPids);
  const { heapUsed, rss } = process.memoryUsage();
  return {
    heapBytes: heapUsed,
    rssBytes: rss,
    descriptors: countDescriptors("self"),
    mounts: mounts().size,
    groups: groupFolders([process.pid]).reduce((sum, path) => sum + 1 + globSync(`${path}/slot-*`).length, 0),
    processes: [...zygotes, ...slots].reduce((sum, pid) => sum + childPids(pid).length, zygotes.length),
    zygotes: zygotes.length,
    zygoteRssBytes: largest(zygotes.map(residentBytes)),
    zygoteDescriptors: largest(zygotes.map(countDescriptors)),
    zygoteMounts: largest(zygotes.map(mountsOf)),
    slots: slots.length,
    slotRssBytes: largest(slots.map(residentBytes)),
    slotDescriptors: largest(slots.map(countDescriptors)),
  };
}

/** A sentence for each gauge that is not flat. */
export function grownGauges(first: Gauges, last: Gauges): string[] {
  return (Object.keys(first) as (keyof Gauges)[]).flatMap((name) => {
    const [before, after] = [first[name], last[name]];
    const limit = most[name];
    const isFlat = limit === undefined ? after === before : after <= limit(before);
    return isFlat ? [] : [`${name} went from ${Math.round(before)} to ${Math.round(after)}`];
  });
}

/** The value that one in a hundred is above. */
export function percentile99(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

function largest(values: readonly number[]): number {
  return Math.max(0, ...values);
}

function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

function countDescriptors(pid: number | "self"): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function mountsOf(pid: number): number {
  return readFileSync(`/proc/${pid}/mountinfo`, "latin1").trim().split("\n").length;
}
