import * as host from "./host-probes.ts";
import * as leftovers from "./leftover-probes.ts";
import { staleLink } from "./link-probe.ts";
import { native, outer, type Mutation } from "./mutation.ts";
import { noOverlay } from "./outer-mutations.ts";
import { programs } from "./program-probes.ts";
import { joinChanges, type WallChange } from "./wall-change.ts";

const withoutCloneFlag = (flag: string): WallChange => {
  const flags = ["CLONE_NEWUSER", "CLONE_NEWPID", "CLONE_NEWNS", "CLONE_NEWIPC", "CLONE_NEWUTS"];
  const kept = flags.filter((each) => each !== flag);
  return native("slot.c", flags.join(" | "), kept.join(" | "));
};

/** Namespaces, and what is forked with them. */
const births: readonly Mutation[] = [
  {
    id: "child-user",
    step: "`CLONE_NEWUSER`",
    change: withoutCloneFlag("CLONE_NEWUSER"),
    probe: "refused",
    short: true,
  },
  {
    id: "child-pid",
    step: "`CLONE_NEWPID`",
    change: withoutCloneFlag("CLONE_NEWPID"),
    probe: programs.signalOthers,
  },
  { id: "child-mount", step: "`CLONE_NEWNS`", change: withoutCloneFlag("CLONE_NEWNS"), probe: "refused" },
  {
    id: "child-ipc",
    step: "`CLONE_NEWIPC`",
    change: withoutCloneFlag("CLONE_NEWIPC"),
    probe: host.siblingSegment,
    behind: ["calls-sysv"],
  },
  {
    id: "child-uts",
    step: "`CLONE_NEWUTS`",
    change: withoutCloneFlag("CLONE_NEWUTS"),
    probe: host.ownNamespace("uts"),
  },
  {
    id: "slot-net",
    step: "a network namespace for each slot",
    change: native("slot.c", "unshare(CLONE_NEWNET) < 0", "0"),
    probe: host.slotNetwork,
  },
  {
    id: "slot-dies",
    step: "the slot's parent-death signal",
    change: native("slot.c", "  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);\n"),
    probe: host.killZygote,
    behind: ["outer-pid-only"],
  },
  {
    id: "outer-pid-only",
    step: "bubblewrap `--unshare-pid`, for what outlives a zygote",
    change: { ...outer(["--unshare-pid"]), without: ["cgroups"] },
    probe: host.killZygote,
    behind: ["slot-dies"],
  },
  {
    id: "child-dies",
    step: "the sandbox's parent-death signal",
    change: native(
      "wall.c",
      '  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) fail(birth->err, "die with the slot");\n',
    ),
    probe: host.killSlot,
    short: true,
  },
  {
    id: "child-session",
    step: "a session of its own",
    change: native("wall.c", '  if (setsid() < 0) fail(birth->err, "lead a session");\n'),
    probe: host.signalGroup,
    behind: ["own-id"],
    short: true,
  },
  {
    id: "slot-memory",
    step: "the slot forgets the last output and its own dead stack",
    change: native("slot.c", "    forget();\n"),
    probe: leftovers.lastOutput,
    short: true,
  },
  {
    id: "slot-job",
    step: "the slot forgets the job once the sandbox has it",
    change: native(
      "slot.c",
      "  madvise(slot->job, JOB_BYTES_MAX, MADV_DONTNEED);\n  if (born != 0) return born;",
      "  if (born != 0) return born;",
    ),
    probe: leftovers.lastJob,
    behind: ["slot-input"],
  },
  {
    id: "slot-input",
    step: "the slot forgets input that the sandbox never took",
    change: native(
      "slot.c",
      "  supervise(slot, &run);\n  madvise(slot->job, JOB_BYTES_MAX, MADV_DONTNEED);\n",
      "  supervise(slot, &run);\n",
    ),
    probe: leftovers.lastInput,
  },
  {
    id: "link-token",
    step: "a link's end is taken by its token only",
    change: native("links.c", "if (seen == token) return end;", "return end;"),
    probe: staleLink,
  },
];

/** Steps 1 to 3 of `wall.c`: identity, files, streams. */
const places: readonly Mutation[] = [
  {
    id: "setgroups",
    step: "setgroups denied",
    change: native("wall.c", '  if (put("/proc/self/setgroups", "deny") < 0) fail(err, "deny setgroups");\n'),
    probe: programs.dropGroups,
    silent: "bubblewrap has denied it for the zygote's namespace, and nested ones inherit that",
  },
  {
    id: "uid-map",
    step: "the user id's map",
    change: native(
      "wall.c",
      '  } else if (put("/proc/self/uid_map", map) < 0) fail(err, "map the user id");\n',
      "  }\n",
    ),
    probe: programs.identity,
  },
  {
    id: "gid-map",
    step: "the group id's map",
    change: native("wall.c", '  if (put("/proc/self/gid_map", map) < 0) fail(err, "map the group id");\n'),
    probe: programs.identity,
  },
  {
    id: "inside-id",
    step: "an id inside that is not root's",
    change: native("zygote.h", "INSIDE_ID = 1000", "INSIDE_ID = 0"),
    probe: programs.identity,
  },
  {
    id: "oom-score",
    step: "`oom_score_adj`",
    change: native(
      "wall.c",
      '  if (put("/proc/self/oom_score_adj", "1000") < 0) fail(err, "raise oom_score_adj");\n',
    ),
    probe: host.oomScore,
  },
  {
    id: "private-mounts",
    step: "mounts made private",
    change: native(
      "wall.c",
      '  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) fail(err, "make mounts private");\n',
    ),
    probe: host.propagation,
    silent: "bubblewrap has made them private for everything inside",
  },
  {
    id: "bind-root",
    step: "the root's bind mount",
    change: native(
      "wall.c",
      '  if (mount("/mnt", "/mnt", NULL, MS_BIND | MS_REC, NULL) < 0) fail(err, "bind the root");\n',
    ),
    probe: "refused",
  },
  {
    id: "fresh-tmp",
    step: "a fresh tmpfs on /tmp (the zygote's is left there, and the sealed world's overlay is not over it)",
    change: joinChanges([
      native("wall.c", '  mount_fresh(err, "/mnt/tmp", start->tmp_bytes, TMP_INODES, 0);\n'),
      noOverlay,
      outer(["--chdir", "/"], ["--perms", "1777", "--tmpfs", "/mnt/tmp", "--chdir", "/"]),
    ]),
    probe: host.leftover("/tmp"),
  },
  {
    id: "fresh-shm",
    step: "a fresh tmpfs on /dev/shm (the zygote's is left there)",
    change: {
      ...native("wall.c", '  mount_fresh(err, "/mnt/dev/shm", start->shm_bytes, SHM_INODES, MS_NOEXEC);\n'),
      ...outer(["--chdir", "/"], ["--perms", "1777", "--tmpfs", "/mnt/dev/shm", "--chdir", "/"]),
    },
    probe: host.leftover("/dev/shm"),
  },
  {
    id: "nosuid",
    step: "`MS_NOSUID`",
    change: native("wall.c", "MS_NOSUID | MS_NODEV | flags", "MS_NODEV | flags"),
    probe: programs.mountFlags,
  },
  {
    id: "nodev",
    step: "`MS_NODEV`",
    change: native("wall.c", "MS_NOSUID | MS_NODEV | flags", "MS_NOSUID | flags"),
    probe: programs.mountFlags,
  },
  {
    id: "noexec",
    step: "`MS_NOEXEC` of /dev/shm",
    change: native("wall.c", "SHM_INODES, MS_NOEXEC)", "SHM_INODES, 0)"),
    probe: programs.executeShm,
  },
  {
    id: "tmp-size",
    step: "the size of /tmp",
    change: native("wall.c", '"/mnt/tmp", start->tmp_bytes,', '"/mnt/tmp", 0,'),
    probe: programs.fillTmp,
  },
  {
    id: "tmp-inodes",
    step: "the number of files in /tmp",
    change: native("wall.c", "TMP_INODES = 65536", "TMP_INODES = 0"),
    probe: programs.tmpInodes,
  },
  {
    id: "shm-size",
    step: "the size of /dev/shm",
    change: native("wall.c", '"/mnt/dev/shm", start->shm_bytes,', '"/mnt/dev/shm", 0,'),
    probe: programs.fillShm,
  },
  {
    id: "shm-inodes",
    step: "the number of files in /dev/shm",
    change: native("wall.c", "SHM_INODES = 1024", "SHM_INODES = 0"),
    probe: programs.shmInodes,
  },
  {
    id: "pivot",
    step: "`pivot_root` and the detached old root",
    change: native(
      "wall.c",
      '  if (syscall(SYS_pivot_root, ".", ".") < 0) fail(err, "pivot_root");\n  if (umount2(".", MNT_DETACH) < 0) fail(err, "detach the old root");\n',
    ),
    probe: programs.readProc,
  },
  {
    id: "old-root",
    step: "the old root is detached",
    change: native("wall.c", '  if (umount2(".", MNT_DETACH) < 0) fail(err, "detach the old root");\n'),
    probe: programs.readProc,
    short: true,
  },
  {
    id: "null",
    step: "descriptor 0 is opened anew",
    change: {
      native: [
        {
          file: "zygote/wall.c",
          from: 'int sources[4 + MAX_LINKS] = { open("/dev/null", O_RDWR | O_CLOEXEC), ',
          to: "int sources[4 + MAX_LINKS] = { 0, ",
        },
      ],
    },
    probe: host.sharedNull,
    short: true,
  },
  {
    id: "close-range",
    step: "every other descriptor is closed",
    change: native(
      "wall.c",
      '  if (syscall(SYS_close_range, (unsigned)count, ~0u, 0) < 0) fail(2, "close_range");\n',
    ),
    probe: programs.descriptors,
    short: true,
  },
  {
    id: "close-slots",
    step: "a slot closes the other slots' streams",
    change: native("zygote.c", "    close(FD_FIRST_SLOT + (int)i);\n"),
    probe: programs.otherSlots,
    behind: ["close-range"],
  },
  {
    id: "close-on-exec",
    step: "commands do not inherit the stream",
    change: native(
      "wall.c",
      '    if (fcntl(i, F_SETFD, FD_CLOEXEC) < 0) fail(2, "close on exec");\n',
      "    ;\n",
    ),
    probe: programs.inheritedStream,
  },
];

/** How sandboxes are born, and where they find themselves. */
export const nativeMutations: readonly Mutation[] = [...births, ...places];
