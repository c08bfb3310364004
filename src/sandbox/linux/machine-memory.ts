import { readFileSync } from "node:fs";

/** How long a count may be used for sandboxes that start; a death is always looked up anew. */
const freshMs = 1_000;

let last: { readonly at: number; readonly count: number } | undefined;

/** How many processes of this machine the kernel has ended for want of memory since boot; 0 where it does not say. */
export function machineOomKills(vmstat: string = readVmstat()): number {
  const count = Number(/^oom_kill (\d+)$/m.exec(vmstat)?.[1] ?? 0);
  last = { at: performance.now(), count };
  return count;
}

/** The same, but up to a second old: for what starts often. */
export function recentMachineOomKills(): number {
  if (last !== undefined && performance.now() - last.at < freshMs) return last.count;
  return machineOomKills();
}

function readVmstat(): string {
  try {
    return readFileSync("/proc/vmstat", "latin1");
  } catch {
    return "";
  }
}
