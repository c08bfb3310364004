import type { EndCause } from "../contract.ts";

/** What is known of a sandbox whose first process was ended by SIGKILL, though nobody here asked for it. */
export interface KillEvidence {
  /** What its control group counted while it ran; undefined if it has none. */
  readonly group: { readonly oomKills: number; readonly limitHits: number } | undefined;
  /** Processes of the whole machine that the kernel ended for want of memory while it ran; looked at without groups. */
  readonly machineOomKills: number;
  readonly cpuMs: number;
  readonly cpuLimitMs: number;
  readonly peakMemoryBytes: number;
  readonly memoryLimitBytes: number;
}

/**
 * Who ended the first process of a sandbox. Its death is its own: untrusted code gains where a death passes for trouble of
 * the host, which is tried again. Only a count of the kernel's says otherwise, that memory ran out on the machine and not in
 * the sandbox. Without a control group there is one count for the whole machine, so a process that held half of what it may
 * is taken to have been a cause.
 */
export function judgeKill(evidence: KillEvidence): EndCause | "host memory" {
  const { group, machineOomKills, cpuMs, cpuLimitMs, peakMemoryBytes, memoryLimitBytes } = evidence;
  if (group !== undefined && group.oomKills > 0) return group.limitHits > 0 ? "memory" : "host memory";
  if (group === undefined && machineOomKills > 0)
    return 2 * peakMemoryBytes >= memoryLimitBytes ? "memory" : "host memory";
  return cpuMs >= cpuLimitMs ? "cpu" : "own";
}
