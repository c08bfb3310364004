import { type CallRule, type FilterPolicy, type HostIdKind, sandboxPolicy } from "./policy.ts";

/**
 * Calls that tell a program what the sealed world decides. The world's library stands in front of the C library's
 * functions of these names; a program that issues the instruction itself is stopped here, and the library's handler
 * (`native/world/trap.c`) answers in the kernel's place. A process without the library dies of it: that is the point.
 *
 * Not waits on descriptors and futexes, which the library itself makes for real, and not interval timers on processor
 * time, which are a real limit on how long code may run.
 */
const worldCalls = [
  "clock_gettime",
  "clock_nanosleep",
  "getcpu",
  "getrusage",
  "gettimeofday",
  "nanosleep",
  "sysinfo",
  "time",
  "timerfd_create",
  "timerfd_gettime",
  "timerfd_settime",
  "times",
] as const;

const ENOSYS = 38;

/** Filter B of a sealed sandbox: {@link sandboxPolicy}'s, and the world's calls go to its library. */
export function sealedSandboxPolicy(ids: HostIdKind = "own"): FilterPolicy {
  const policy = sandboxPolicy(ids);
  const calls = new Map<string, CallRule>(policy.calls);
  for (const name of worldCalls) calls.set(name, { rules: [], verdict: "trap" });
  // The heap of a program that an exec has just begun asks for 8 bytes without waiting, before any library's code can
  // run. It does without them.
  calls.set("getrandom", {
    rules: [{ argument: 1, test: "equal", value: 8, verdict: { errno: ENOSYS } }],
    verdict: "trap",
  });
  return { calls, otherwise: policy.otherwise };
}
