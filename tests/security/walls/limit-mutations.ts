import * as host from "./host-probes.ts";
import { native, type Mutation } from "./mutation.ts";
import { programs, rightsProbe } from "./program-probes.ts";
import type { WallChange } from "./wall-change.ts";

const withoutLimit = (line: string): WallChange => native("wall.c", `  limit(${line});\n`);

/** Step 4 of `wall.c`, the slot's clocks, and the control group. */
const limits: readonly Mutation[] = [
  {
    id: "groups",
    step: "the slot's control group",
    change: { without: ["cgroups"] },
    probe: programs.eatMemoryTogether,
  },
  {
    id: "core",
    step: "`RLIMIT_CORE`",
    change: withoutLimit("RLIMIT_CORE, core_bytes"),
    probe: programs.dumpCore,
    behind: ["dumpable", "started-dumpable", "calls-prctl", "calls-prlimit"],
    answered: ["prlimit64"],
  },
  {
    id: "address-space",
    step: "`RLIMIT_AS`",
    change: withoutLimit("RLIMIT_AS, start->address_space_bytes"),
    probe: programs.eatMemoryAlone,
    behind: ["groups"],
  },
  {
    id: "file-size",
    step: "`RLIMIT_FSIZE`",
    change: withoutLimit("RLIMIT_FSIZE, start->file_bytes"),
    probe: programs.greatFile,
  },
  {
    id: "processes",
    step: "`RLIMIT_NPROC`",
    change: withoutLimit("RLIMIT_NPROC, start->processes"),
    probe: programs.manyProcesses,
    behind: ["groups"],
  },
  {
    id: "open-files",
    step: "`RLIMIT_NOFILE`",
    change: withoutLimit("RLIMIT_NOFILE, start->open_files"),
    probe: programs.manyFiles,
  },
  {
    id: "queues",
    step: "`RLIMIT_MSGQUEUE`",
    change: withoutLimit("RLIMIT_MSGQUEUE, 0"),
    probe: programs.messageQueue,
    behind: ["calls-mq"],
  },
  {
    id: "locked-memory",
    step: "`RLIMIT_MEMLOCK`",
    change: withoutLimit("RLIMIT_MEMLOCK, 0"),
    probe: programs.lockMemory,
    behind: ["calls-mlock"],
  },
  {
    id: "priority",
    step: "`RLIMIT_RTPRIO`",
    change: withoutLimit("RLIMIT_RTPRIO, 0"),
    probe: programs.raisePriority,
    silent: "a host gives no real-time priority to ordinary ids, so that nothing is there to be taken away",
  },
  {
    id: "signals",
    step: "`RLIMIT_SIGPENDING`",
    change: withoutLimit("RLIMIT_SIGPENDING, 256"),
    probe: programs.manySignals,
  },
  {
    id: "cpu-limit",
    step: "`RLIMIT_CPU`",
    change: withoutLimit("RLIMIT_CPU, start->cpu_s"),
    probe: programs.burnCpu,
    behind: ["cpu-clock", "groups"],
  },
  {
    id: "cpu-clock",
    step: "the slot's look at the CPU clock",
    change: native("limits.c", "if (cpu >= limits->cpu_us)", "if (0)"),
    probe: programs.burnCpu,
    behind: ["cpu-limit", "groups"],
  },
  {
    id: "wall-clock",
    step: "the slot's look at the wall clock",
    change: native("limits.c", "if (wall >= limits->wall_us)", "if (0)"),
    probe: programs.oversleep,
  },
];

/** Steps 5 and 6 of `wall.c`. */
const rights: readonly Mutation[] = [
  {
    id: "own-id",
    step: "an id of the host for each slot",
    change: native("identity.c", "if (has_own_ids(slot)) return user_of(slot, slot->index);\n"),
    probe: host.ownId,
    short: true,
  },
  {
    id: "bounding",
    step: "the bounding set is emptied",
    change: native("wall.c", "capability < CAPABILITIES_MOST", "capability < 0"),
    probe: rightsProbe("bounding", []),
  },
  {
    id: "securebits",
    step: "securebits are locked",
    change: native(
      "wall.c",
      '  if (prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) < 0) fail(2, "lock securebits");\n',
      "  (void)bits;\n",
    ),
    probe: rightsProbe("loose", false),
    behind: ["calls-prctl"],
  },
  {
    id: "ambient",
    step: "ambient capabilities are cleared",
    change: native(
      "wall.c",
      '  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) fail(2, "clear ambient capabilities");\n',
    ),
    probe: rightsProbe("capabilities", false),
    silent: "a new user namespace starts with none, and dropping the permitted set takes them away",
  },
  {
    id: "capset",
    step: "capabilities are dropped",
    change: native(
      "wall.c",
      '  if (syscall(SYS_capset, &who, none) < 0) fail(2, "drop capabilities");\n',
      "  (void)who, (void)none;\n",
    ),
    probe: rightsProbe("capabilities", false),
    short: true,
  },
  {
    id: "no-new-privs",
    step: "`no_new_privs`",
    change: native("wall.c", '  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) fail(2, "no_new_privs");\n'),
    probe: rightsProbe("no_new_privs", 1),
    silent: "bubblewrap has set it for everything inside",
  },
  {
    id: "dumpable",
    step: "not dumpable",
    change: native("wall.c", '  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) fail(2, "not dumpable");\n'),
    probe: rightsProbe("dumpable", 0),
  },
  {
    id: "started-dumpable",
    step: "a started program is not dumpable",
    change: {
      native: [
        { file: "no_core.h", from: "  kernel_call(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0, 0);\n", to: "" },
      ],
    },
    probe: programs.startedDumpable,
  },
  {
    id: "filter-slot",
    step: "filter A",
    change: native("slot.c", "wall_filter(&slot->filter_slot) < 0", "0"),
    probe: programs.makeSocket,
  },
  {
    id: "filter-sandbox",
    step: "filter B",
    change: native(
      "wall.c",
      '  if (wall_filter(loopback ? &networked : &slot->filter_child) < 0) fail(2, "seccomp");\n',
      "  (void)networked;\n",
    ),
    probe: programs.namespaceByClone3,
  },
];

/** What sandboxes may use, and what they may do. */
export const limitMutations: readonly Mutation[] = [...limits, ...rights];
