import type { Mutation } from "./mutation.ts";
import { callsProbe, programs, type ProbedCall } from "./program-probes.ts";
import { allowing, withoutRules, type WallChange } from "./wall-change.ts";

const words = (text: string): string[] => text.trim().split(/\s+/);

/** Calls that filter A refuses, by what they would open. */
const refused: Readonly<Record<string, string>> = {
  socket: "socket connect bind listen accept accept4 sendmmsg recvmmsg",
  sysv: "shmget shmat shmctl shmdt msgget msgsnd msgrcv msgctl semget semop semtimedop semctl",
  mq: "mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr",
  keys: "add_key request_key keyctl",
  inotify: "inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_init fanotify_mark",
  residency: "mincore cachestat fadvise64 readahead",
  splice: "splice tee vmsplice",
  processes: "ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_getfd pidfd_open",
  namespaces: "unshare setns",
  "mount-api": "fsopen fsconfig fsmount fspick open_tree move_mount mount_setattr chroot",
  handles: "name_to_handle_at open_by_handle_at",
  uring: "io_uring_setup io_uring_enter io_uring_register",
  bpf: "bpf perf_event_open userfaultfd",
  memfd: "memfd_create memfd_secret",
  mlock: "mlock mlock2 mlockall munlock munlockall",
  numa: "mbind set_mempolicy migrate_pages move_pages",
  priority: "sched_setscheduler sched_setparam sched_setattr setpriority ioprio_set",
  landlock: "landlock_create_ruleset landlock_add_rule landlock_restrict_self",
  ids: "setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid",
  names: "sethostname setdomainname",
  clock: "clock_settime clock_adjtime adjtimex settimeofday",
  machine: "reboot swapon swapoff acct kexec_load kexec_file_load init_module finit_module delete_module",
  hardware: "ioperm iopl modify_ldt personality vhangup",
  disk: "sync syncfs quotactl quotactl_fd",
  counts: "sysinfo syslog",
  gone: "lookup_dcookie nfsservctl",
  locks: "flock",
  "user-groups": "getgroups",
  attributes:
    "getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr",
};

/** Groups that nothing can show, and why. */
const silentGroups: Readonly<Record<string, string>> = { gone: "the kernel has no such calls any more" };

/** Groups whose calls the kernel refuses itself to those without capabilities. */
const groupsBehind: Readonly<Record<string, readonly string[]>> = { names: ["capset"] };

/** Calls of groups that a sealed world's library answers. */
const answeredOf: Readonly<Record<string, readonly string[]>> = { counts: ["sysinfo"] };

const groups: readonly Mutation[] = Object.entries(refused).map(([name, text]): Mutation => ({
  id: `calls-${name}`,
  step: `filter A: ${words(text)
    .map((each) => `\`${each}\``)
    .join(", ")}`,
  change: { slotPolicy: allowing(words(text)) },
  probe: callsProbe(words(text).map((each) => ({ name: each }))),
  ...(silentGroups[name] === undefined ? {} : { silent: silentGroups[name] }),
  ...(groupsBehind[name] === undefined ? {} : { behind: groupsBehind[name] }),
  ...(answeredOf[name] === undefined ? {} : { answered: answeredOf[name] }),
  ...(name === "socket" ? { short: true } : {}),
}));

/** One rule on an argument: the call, where the argument lies, its values, and arguments that the rule refuses. */
interface ArgumentMutation {
  readonly id: string;
  readonly what: string;
  readonly call: string;
  readonly argument: number;
  readonly value: number;
  /** The other arguments. @default -1 */
  readonly given?: readonly number[];
}

const fcntl = (what: string, value: number): ArgumentMutation => ({
  id: what.toLowerCase().replaceAll("_", "-"),
  what,
  call: "fcntl",
  argument: 1,
  value,
});

const argumentRules: readonly ArgumentMutation[] = [
  fcntl("F_GETLK", 5),
  fcntl("F_SETLK", 6),
  fcntl("F_SETLKW", 7),
  fcntl("F_OFD_GETLK", 36),
  fcntl("F_OFD_SETLK", 37),
  fcntl("F_OFD_SETLKW", 38),
  fcntl("F_SETLEASE", 1024),
  fcntl("F_NOTIFY", 1026),
  fcntl("F_SETPIPE_SZ", 1031),
  fcntl("F_SET_RW_HINT", 1036),
  fcntl("F_SET_FILE_RW_HINT", 1038),
  { id: "oob-send", what: "MSG_OOB", call: "sendto", argument: 3, value: 1 },
  { id: "oob-receive", what: "MSG_OOB", call: "recvfrom", argument: 3, value: 1 },
  { id: "oob-message", what: "MSG_OOB", call: "recvmsg", argument: 2, value: 1 },
  { id: "so-attach-filter", what: "SO_ATTACH_FILTER", call: "setsockopt", argument: 2, value: 26 },
  { id: "so-lock-filter", what: "SO_LOCK_FILTER", call: "setsockopt", argument: 2, value: 44 },
  { id: "so-attach-bpf", what: "SO_ATTACH_BPF", call: "setsockopt", argument: 2, value: 50 },
  { id: "so-reuseport-cbpf", what: "SO_ATTACH_REUSEPORT_CBPF", call: "setsockopt", argument: 2, value: 51 },
  { id: "so-reuseport-ebpf", what: "SO_ATTACH_REUSEPORT_EBPF", call: "setsockopt", argument: 2, value: 52 },
  { id: "so-peersec", what: "SO_PEERSEC", call: "getsockopt", argument: 2, value: 31 },
  { id: "so-busy-poll", what: "SO_BUSY_POLL", call: "getsockopt", argument: 2, value: 46 },
  { id: "so-cookie", what: "SO_COOKIE", call: "getsockopt", argument: 2, value: 57 },
  { id: "so-peergroups", what: "SO_PEERGROUPS", call: "getsockopt", argument: 2, value: 59 },
  { id: "so-netns-cookie", what: "SO_NETNS_COOKIE", call: "getsockopt", argument: 2, value: 71 },
  { id: "so-peerpidfd", what: "SO_PEERPIDFD", call: "getsockopt", argument: 2, value: 77 },
  { id: "so-passsec", what: "SO_PASSSEC", call: "setsockopt", argument: 2, value: 34 },
  { id: "so-passpidfd", what: "SO_PASSPIDFD", call: "setsockopt", argument: 2, value: 76 },
  { id: "madv-mergeable", what: "MADV_MERGEABLE", call: "madvise", argument: 2, value: 12 },
  { id: "madv-cold", what: "MADV_COLD", call: "madvise", argument: 2, value: 20 },
  { id: "madv-pageout", what: "MADV_PAGEOUT", call: "madvise", argument: 2, value: 21 },
  { id: "map-hugetlb", what: "MAP_HUGETLB", call: "mmap", argument: 3, value: 0x40000 },
];

const single: readonly Mutation[] = argumentRules.map(({ id, what, call, argument, value }) => {
  const given = [-1, -1, -1, -1, -1, -1];
  given[argument] = value;
  return {
    id: `rule-${id}`,
    step: `filter A: \`${call}\` with \`${what}\``,
    change: { slotPolicy: withoutRules(call, argument, [value]) },
    probe: callsProbe([{ name: call, arguments: given }]),
  };
});

/** Of each kind that `ioctl` refuses one: a terminal's, a file system's, a socket's. */
const requests: readonly ProbedCall[] = [0x5412, 0x80111500, 0x8912].map((request) => ({
  name: "ioctl",
  arguments: [-1, request, -1, -1, -1, -1],
}));

/** Barriers over the machine: one that waits, one that interrupts, and joining those that are interrupted. */
const barriers: readonly ProbedCall[] = [1, 2, 4].map((command) => ({
  name: "membarrier",
  arguments: [command, 0, 0, 0, 0, 0],
}));

const pair: ProbedCall = { name: "socketpair", arguments: [16, 1, 0, -1, -1, -1] };

const sandboxAllowing = (...names: string[]): WallChange => ({ sandboxPolicy: allowing(names) });

/** The rest of filter A, and filter B. */
const others: readonly Mutation[] = [
  {
    id: "requests-ioctl",
    step: "filter A: `ioctl` with requests about descriptors only",
    change: { slotPolicy: allowing(["ioctl"]) },
    probe: callsProbe(requests),
  },
  {
    id: "barriers-membarrier",
    step: "filter A: `membarrier` among a process's own threads only",
    change: { slotPolicy: allowing(["membarrier"]) },
    probe: callsProbe(barriers),
  },
  {
    id: "families-socketpair",
    step: "filter A: `socketpair` of AF_UNIX only",
    change: { slotPolicy: allowing(["socketpair"]) },
    probe: callsProbe([pair]),
  },
  {
    id: "unknown-calls",
    step: "filter A: calls that nobody named do not exist",
    change: { slotPolicy: (policy) => ({ ...policy, otherwise: "allow" }) },
    probe: programs.unknownCalls,
    short: true,
  },
  {
    id: "foreign-slot",
    step: "filter A: another architecture's calls kill",
    change: { foreignCalls: ["slot"] },
    probe: programs.foreignCalls,
    behind: ["foreign-sandbox"],
  },
  {
    id: "foreign-sandbox",
    step: "filter B: another architecture's calls kill",
    change: { foreignCalls: ["sandbox"] },
    probe: programs.foreignCalls,
    behind: ["foreign-slot"],
  },
  {
    id: "setup-mount",
    step: "filter B: `mount`",
    change: sandboxAllowing("mount"),
    probe: programs.mountTmpfs,
    behind: ["capset"],
  },
  {
    id: "setup-umount",
    step: "filter B: `umount2`",
    change: sandboxAllowing("umount2"),
    probe: callsProbe([{ name: "umount2" }]),
  },
  {
    id: "setup-pivot",
    step: "filter B: `pivot_root`",
    change: sandboxAllowing("pivot_root"),
    probe: callsProbe([{ name: "pivot_root" }]),
    behind: ["capset"],
  },
  {
    id: "setup-capset",
    step: "filter B: `capset`",
    change: sandboxAllowing("capset"),
    probe: callsProbe([{ name: "capset" }]),
  },
  {
    id: "setup-seccomp",
    step: "filter B: `seccomp`",
    change: sandboxAllowing("seccomp"),
    probe: callsProbe([{ name: "seccomp" }]),
  },
  {
    id: "setup-clone3",
    step: "filter B: `clone3`",
    change: sandboxAllowing("clone3"),
    probe: programs.namespaceByClone3,
  },
  {
    id: "clone-flags",
    step: "filter B: namespace flags of `clone`",
    change: sandboxAllowing("clone"),
    probe: programs.namespaceByClone,
    short: true,
  },
  {
    id: "clone-pidfd",
    step: "filter B: `CLONE_PIDFD` of `clone`",
    change: sandboxAllowing("clone"),
    probe: programs.clonePidfd,
  },
  {
    id: "setup-sendmsg",
    step: "filter B: `sendmsg`",
    change: sandboxAllowing("sendmsg"),
    probe: callsProbe([{ name: "sendmsg" }]),
  },
  {
    id: "calls-setrlimit",
    step: "filter B: `setrlimit`",
    change: sandboxAllowing("setrlimit"),
    probe: callsProbe([{ name: "setrlimit" }]),
  },
  {
    id: "calls-prlimit",
    step: "filter B: `prlimit64` with new limits",
    change: sandboxAllowing("prlimit64"),
    probe: callsProbe([{ name: "prlimit64" }]),
    short: true,
  },
  {
    id: "calls-prctl",
    step: "filter B: `prctl` options",
    change: sandboxAllowing("prctl"),
    probe: programs.undump,
  },
];

/** What the filters refuse. */
export const filterMutations: readonly Mutation[] = [...groups, ...single, ...others];
