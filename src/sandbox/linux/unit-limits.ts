import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/*
 * What an administrator allowed the unit that this process runs in. A scope of our own lies beside that unit, where its limits
 * do not reach; so the scope is asked for with the same ones.
 */

/** Numbers of a group, and the properties of a unit that set them. */
const numbers = {
  "memory.max": "MemoryMax",
  "memory.high": "MemoryHigh",
  "memory.swap.max": "MemorySwapMax",
  "pids.max": "TasksMax",
} as const;

/**
 * The limits of a group as properties of a unit, such as `MemoryMax=1000000`. Where a group around it has a smaller one, that.
 * @param groups the folders of the group and of those around it that are to be counted, the innermost first
 */
export function unitLimits(groups: readonly string[]): string[] {
  const found: string[] = [];
  for (const [file, property] of Object.entries(numbers)) {
    const values = groups.map((group) => Number(text(join(group, file)) || NaN));
    const least = Math.min(...values.filter((value) => Number.isFinite(value)));
    if (least !== Infinity) found.push(`${property}=${least}`);
  }
  const shares = groups.map((group) => {
    const [quota, period] = text(join(group, "cpu.max")).split(" ").map(Number);
    return quota! / period!;
  });
  const share = Math.min(...shares.filter((each) => Number.isFinite(each)));
  if (share !== Infinity) found.push(`CPUQuota=${(share * 100).toFixed(2)}%`);
  const processors = groups.map((group) => text(join(group, "cpuset.cpus"))).find((each) => each !== "");
  if (processors !== undefined) found.push(`AllowedCPUs=${processors}`);
  return found;
}

/** Whether limits were set for this unit: systemd itself gives every unit a number of tasks. */
export function areSet(limits: readonly string[]): boolean {
  return limits.some((limit) => !limit.startsWith("TasksMax="));
}

function text(path: string): string {
  return existsSync(path) ? readFileSync(path, "latin1").trim() : "";
}
