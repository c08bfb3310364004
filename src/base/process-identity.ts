import { readFileSync, readlinkSync } from "node:fs";

/*
 * A process is named by its number, when it started and the namespace the number is of: a number alone is given to
 * another process later.
 */

/** When a process started, in clock ticks after boot; undefined if there is none, or one that only waits to be reaped. */
export function startTimeOf(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8").trim();
  } catch {
    return undefined;
  }
  // The name before the closing bracket may hold spaces and brackets; field 3 follows it, field 22 is the 20th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

/** The pid namespace of this process, such as `pid:[4026531836]`; undefined if it cannot be read. */
export function pidNamespace(): string | undefined {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return undefined;
  }
}
