import {
  anyPointer,
  type ArgumentRule,
  type CallRule,
  type FilterPolicy,
  type HostIdKind,
  sandboxPolicy,
  sharedPoolCalls,
} from "./policy.ts";

/**
 * Calls that tell a program what the sealed world decides. The world's library stands in front of the C library's
 * functions of these names; a program that issues the instruction itself is stopped here, and the library's handler
 * (`native/world/trap.c`) answers in the kernel's place. A process without the library dies of it: that is the point.
 *
 * Not waits on descriptors and futexes, which the library itself makes for real, and not interval timers on processor
 * time, which are a real limit on how long code may run.
 */
const worldCalls = [
  "clock_nanosleep",
  "getcpu",
  "getrlimit",
  "getrusage",
  "gettimeofday",
  "nanosleep",
  "sched_getparam",
  "sched_getscheduler",
  "sched_rr_get_interval",
  "sched_setaffinity",
  "sysinfo",
  "time",
  "timerfd_create",
  "timerfd_gettime",
  "timerfd_settime",
  "times",
] as const;

const EPERM = 1;
const EINVAL = 22;
const ENOSYS = 38;
/** Gives the processor's counter of cycles up, and back for an exec: `native/world/time/cycles.c`. The library's alone. */
const PR_SET_TSC = 26;

/**
 * Of these the library has to know the machine's answer itself. It marks its own calls with a sixth argument, which none of
 * them has (`KERNEL_OWN` in `native/kernel.h`); whoever else does so sees the machine, and harms its own results only.
 *
 * Not `openat`, `newfstatat` and what else the dynamic linker calls before any library's code can run.
 */
const worldCallsItMakes = [
  "fstatfs",
  "getdents64",
  "getpriority",
  "sched_getaffinity",
  "socketpair",
  "statfs",
  "statx",
  "uname",
] as const;
/** Which barriers among its own threads this kernel has. */
const MEMBARRIER_CMD_QUERY = 0;
/** ARCH_SET_GS, ARCH_SET_FS, ARCH_GET_FS, ARCH_GET_GS. The others ask, or choose, what registers the processor has. */
const threadRegisters = [0x1001, 0x1002, 0x1003, 0x1004];
const worldMark = 0x5ea1ed;
/** Allowed to a file's owner alone, which the sandbox's user is of the image where sandboxes share an id of the host. */
const O_NOATIME = 0x40000;
const F_SETFL = 4;
const fromTheLibrary: ArgumentRule = { argument: 5, test: "equal", value: worldMark, verdict: "allow" };

/**
 * The C library asks for the stack's limit before any other library's code can run. It is the world's own, which sets it around an
 * exec: `native/world/process/places.c`. The hard limit stands.
 */
const RLIMIT_STACK = 3;
const setsStack: ArgumentRule = {
  argument: 5,
  test: "equal",
  value: worldMark,
  // Its own only: a process that is given none dies where its stack would grow.
  and: [
    { argument: 0, value: 0 },
    { argument: 1, value: RLIMIT_STACK },
  ],
  verdict: "allow",
};
const ownLimits: readonly ArgumentRule[] = [
  fromTheLibrary,
  { argument: 1, test: "equal", value: RLIMIT_STACK, verdict: "allow" },
];

/**
 * How much of a processor other processes of the sandbox have used: their clocks have negative numbers, so that none of these
 * calls gives the date or the time.
 */
const workOfProcesses: ArgumentRule = {
  argument: 0,
  test: "any",
  value: 0x8000_0000,
  and: [{ argument: 5, value: worldMark }],
  verdict: "allow",
};

function refusesNoAtime(flags: number): ArgumentRule {
  return { argument: flags, test: "any", value: O_NOATIME, verdict: { errno: EPERM } };
}

/** Filter B of a sealed sandbox: {@link sandboxPolicy}'s, and the world's calls go to its library. */
export function sealedSandboxPolicy(ids: HostIdKind = "own"): FilterPolicy {
  const policy = sandboxPolicy(ids);
  const calls = new Map<string, CallRule>(policy.calls);
  for (const name of worldCalls) calls.set(name, { rules: [], verdict: "trap" });
  const own: CallRule = {
    rules: [fromTheLibrary],
    verdict: "trap",
  };
  for (const name of worldCallsItMakes) calls.set(name, own);
  const asked = calls.get("prlimit64")?.rules ?? [];
  calls.set("prlimit64", { rules: [setsStack, ...asked, ...ownLimits], verdict: "trap" });
  calls.set("clock_gettime", { rules: [workOfProcesses], verdict: "trap" });
  // The kernel would write the processor's number into each thread's memory. The older listing has no caller any more.
  for (const name of ["rseq", "getdents"]) calls.set(name, { rules: [], verdict: { errno: ENOSYS } });
  // The heap of a program that an exec has just begun asks for 8 bytes without waiting, before any library's code can
  // run. It does without them.
  calls.set("getrandom", {
    rules: [{ argument: 1, test: "equal", value: 8, verdict: { errno: ENOSYS } }],
    verdict: "trap",
  });
  for (const [name, usage] of [
    ["wait4", 3],
    ["waitid", 4],
  ] as const) {
    // What a child has used of the machine: the library waits without asking for it.
    calls.set(name, { rules: [fromTheLibrary, ...anyPointer(usage, "trap")], verdict: "allow" });
  }
  calls.set("arch_prctl", {
    rules: threadRegisters.map((value) => ({ argument: 0, test: "equal", value, verdict: "allow" })),
    verdict: { errno: EINVAL },
  });
  const query: ArgumentRule = { argument: 0, test: "equal", value: MEMBARRIER_CMD_QUERY, verdict: "trap" };
  calls.set("membarrier", { rules: [query], verdict: "allow" });
  // Refused all the same; but elsewhere it is there, and the library says that it was asked for.
  if (ids === "shared") for (const name of sharedPoolCalls) calls.set(name, { rules: [], verdict: "trap" });
  for (const [name, flags] of [
    ["open", 1],
    ["openat", 2],
  ] as const) {
    calls.set(name, { rules: [refusesNoAtime(flags)], verdict: "allow" });
  }
  calls.set("fcntl", {
    rules: [{ ...refusesNoAtime(2), and: [{ argument: 1, value: F_SETFL }] }],
    verdict: "allow",
  });
  const prctl = calls.get("prctl");
  if (prctl !== undefined) {
    const cycles: ArgumentRule = {
      argument: 0,
      test: "equal",
      value: PR_SET_TSC,
      and: [{ argument: 5, value: worldMark }],
      verdict: "allow",
    };
    calls.set("prctl", { rules: [...prctl.rules, cycles], verdict: prctl.verdict });
  }
  return { calls, otherwise: policy.otherwise };
}
