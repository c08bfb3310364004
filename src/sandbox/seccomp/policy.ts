/** What the kernel does with a call: let it pass, hand it to the process's own SIGSYS handler, or answer with an errno. */
export type Verdict = "allow" | "trap" | { readonly errno: number };

/** One condition on an argument; the first that holds decides. */
export interface ArgumentRule {
  /** 0 to 5. */
  readonly argument: number;
  /** Which 32 bits of it are looked at. @default "low" */
  readonly half?: "low" | "high";
  /** `equal`: they are the value. `differs`: they are not. `any`: one of the value's bits is set in them. */
  readonly test: "equal" | "differs" | "any";
  readonly value: number;
  /** What other arguments' low halves must be as well. */
  readonly and?: readonly { readonly argument: number; readonly value: number }[];
  readonly verdict: Verdict;
}

/** What happens to one call: the argument rules in order, then the verdict. */
export interface CallRule {
  readonly rules: readonly ArgumentRule[];
  readonly verdict: Verdict;
}

/** A filter: a rule for each named call, and the verdict for every other one. */
export interface FilterPolicy {
  readonly calls: ReadonlyMap<string, CallRule>;
  readonly otherwise: Verdict;
}

const EPERM = 1;
const EACCES = 13;
const ENOTTY = 25;
const ENOLCK = 37;
const ENOSYS = 38;
const ENOTSUP = 95;
const EAFNOSUPPORT = 97;
const denied: Verdict = { errno: EPERM };

/**
 * What an interpreter and ordinary programs need on files, memory, time and processes of their own.
 * Left out on purpose, though common profiles have them: file locks and leases (visible to siblings on the shared
 * read-only tree), inotify (the same), page-cache probes (`mincore`, `cachestat`, `preadv2`), `memfd_create` (memory
 * that no rlimit sees), `splice` and `sendfile` (page-cache writes), every System V and POSIX message object, keyrings,
 * io_uring, and `socket` itself; and what counts the whole machine: `sysinfo` (its processes and free memory) and
 * `pidfd_open` (a pidfd's inode number counts every process ever made).
 */
const guestCalls = words(`
  access alarm arch_prctl brk capget chdir chmod chown clock_getres clock_gettime clock_nanosleep clone
  close close_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2
  epoll_wait eventfd eventfd2 execve execveat exit exit_group faccessat faccessat2 fallocate fchdir fchmod
  fchmodat fchown fchownat fcntl fdatasync fork fstat fstatfs fsync ftruncate futex futex_waitv futimesat
  get_robust_list getcpu getcwd getdents getdents64 getegid geteuid getgid getitimer getpeername
  getpgid getpgrp getpid getppid getpriority getrandom getresgid getresuid getrlimit getrusage getsid
  getsockname getsockopt gettid gettimeofday getuid ioctl kill lchown link linkat lseek lstat madvise
  mkdir mkdirat mknod mknodat mprotect mremap msync munmap nanosleep newfstatat open
  openat pause pidfd_send_signal pipe pipe2 poll ppoll prctl pread64 preadv prlimit64 pselect6
  pwrite64 pwritev read readlink readlinkat readv recvfrom recvmsg rename renameat renameat2
  restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn
  rt_sigsuspend rt_sigtimedwait sched_get_priority_max sched_get_priority_min sched_getaffinity
  sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity sched_yield select sendmsg
  sendto set_robust_list set_tid_address setitimer setpgid setrlimit setsid setsockopt shutdown
  sigaltstack signalfd signalfd4 socketpair stat statfs statx symlink symlinkat tgkill time
  timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime
  timerfd_settime times tkill truncate umask uname unlink unlinkat utime utimensat utimes vfork wait4
  waitid write writev
`);

/** What only the wall's own steps need; filter B takes it away again. */
const setupCalls = words("capset clone3 mount pivot_root seccomp umount2");

/** Calls that programs should be told are forbidden; every other unlisted call does not exist. */
const forbiddenCalls = words(`
  accept accept4 acct add_key adjtimex bind bpf cachestat chroot clock_adjtime clock_settime connect
  delete_module fadvise64 fanotify_init fanotify_mark finit_module fsconfig fsmount fsopen
  fspick init_module inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_uring_enter
  io_uring_register io_uring_setup ioperm iopl ioprio_set kcmp kexec_file_load kexec_load keyctl
  landlock_add_rule landlock_create_ruleset landlock_restrict_self listen lookup_dcookie mbind
  memfd_create memfd_secret migrate_pages mincore mlock mlock2 mlockall modify_ldt mount_setattr
  move_mount move_pages mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl
  msgget msgrcv msgsnd munlock munlockall name_to_handle_at nfsservctl open_by_handle_at open_tree
  perf_event_open personality pidfd_getfd pidfd_open process_madvise process_vm_readv process_vm_writev ptrace
  quotactl quotactl_fd readahead reboot recvmmsg request_key sched_setattr sched_setparam
  sched_setscheduler semctl semget semop semtimedop sendmmsg set_mempolicy setdomainname setfsgid setfsuid
  setgid setgroups sethostname setns setpriority setregid setresgid setresuid setreuid settimeofday setuid
  shmat shmctl shmdt shmget socket splice swapoff swapon sync syncfs sysinfo syslog tee unshare
  userfaultfd vhangup vmsplice
`);

const attributeCalls = words(`
  getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr setxattr lsetxattr fsetxattr
  removexattr lremovexattr fremovexattr
`);

/** CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET; and CLONE_PIDFD. */
const newNamespaces = 0x7e020080;
const clonePidfd = 0x1000;
/**
 * FIONREAD, FIONBIO, FIONCLEX, FIOCLEX: about a descriptor. Every other request is a device's or a file system's, which tell
 * the file system's identity, where on the machine's disk a file lies, and random numbers that follow from no seed.
 */
const descriptorRequests = [0x541b, 0x5421, 0x5450, 0x5451];
const lockCommands = [5, 6, 7 /* F_GETLK, F_SETLK, F_SETLKW */, 36, 37, 38 /* the F_OFD_ ones */];
const leaseCommands = [1024, 1026 /* F_SETLEASE, F_NOTIFY */];
/** F_SETPIPE_SZ: a few large pipes use up what one user may have, and every sibling's pipes shrink. */
const pipeSize = [1031];
/**
 * F_SET_RW_HINT, F_SET_FILE_RW_HINT: a hint stays with the file, and kernels before 6.9 let whoever may read one of the image's
 * files leave it there for every other sandbox.
 */
const writeHints = [1036, 1038];
/**
 * Questions, and barriers among a process's own threads. The others wait for every processor of the machine, or interrupt
 * those that run somebody else.
 */
const ownBarriers = [0, 8, 16, 32, 64, 128, 256];
/** MAP_HUGETLB: pages of a pool that the whole machine shares, which no memory limit counts. */
const hugePages = 0x40000;
/**
 * SO_COOKIE and SO_NETNS_COOKIE count the machine's sockets; SO_PEERGROUPS tells the host user's groups, SO_PEERSEC its label;
 * SO_BUSY_POLL is a setting of the host's; SO_PEERPIDFD gives a pidfd.
 */
const tellingSocketOptions = [31, 46, 57, 59, 71, 77];
/** SO_PASSPIDFD; SO_PASSSEC, which has the label come with each message. */
const tellingSocketMessages = [34, 76];
/** MADV_MERGEABLE shares pages with strangers; MADV_COLD and MADV_PAGEOUT push out the page cache's. */
const sharedMemoryAdvice = [12, 20, 21];
/** SO_ATTACH_FILTER, SO_LOCK_FILTER, SO_ATTACH_BPF, SO_ATTACH_REUSEPORT_CBPF, _EBPF: programs that the kernel compiles. */
const socketPrograms = [26, 44, 50, 51, 52];
/** What unix sockets do with it has a record: sandboxes were left through a byte that was freed twice. */
const MSG_OOB = 1;
const AF_UNIX = 1;
const SCHED_OTHER = 0;

/**
 * `prctl` options a guest may use: names, and questions. Not PR_SET_PDEATHSIG: the first process could take back that it
 * dies with its slot.
 */
const guestPrctl = [2, 3, 15, 16, 21, 23, 38, 39, 0x53564d41 /* PR_SET_VMA */];

/** What a program gives up as it begins (`native/no_core.h`), and cannot have back. */
const givesUpCores: ArgumentRule = {
  argument: 0,
  test: "equal",
  value: 4 /* PR_SET_DUMPABLE */,
  and: [{ argument: 1, value: 0 }],
  verdict: "allow",
};

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

function equal(argument: number, values: readonly number[], verdict: Verdict): ArgumentRule[] {
  return values.map((value) => ({ argument, test: "equal", value, verdict }));
}

/**
 * Filter A, installed once in a slot and inherited: the allow-list, with what the wall's steps need.
 * Calls of another architecture, and x32 calls, kill the process.
 */
export function slotPolicy(): FilterPolicy {
  const calls = new Map<string, CallRule>();
  for (const name of [...guestCalls, ...setupCalls]) calls.set(name, { rules: [], verdict: "allow" });
  for (const name of forbiddenCalls) calls.set(name, { rules: [], verdict: denied });
  // Programs such as ls ask for attributes and take "not supported" as "none".
  for (const name of attributeCalls) calls.set(name, { rules: [], verdict: { errno: ENOTSUP } });
  // Whoever is not root keeps the groups it was started with, in every namespace: none, whoever runs Sameseed.
  calls.set("getgroups", { rules: [], verdict: { errno: 0 } });
  calls.set("flock", { rules: [], verdict: { errno: ENOLCK } });
  calls.set("ioctl", { rules: equal(1, descriptorRequests, "allow"), verdict: { errno: ENOTTY } });
  calls.set("fcntl", {
    rules: [
      ...equal(1, lockCommands, { errno: ENOLCK }),
      ...equal(1, [...leaseCommands, ...pipeSize, ...writeHints], denied),
    ],
    verdict: "allow",
  });
  calls.set("getsockopt", { rules: equal(2, tellingSocketOptions, denied), verdict: "allow" });
  calls.set("setsockopt", {
    rules: equal(2, [...tellingSocketMessages, ...socketPrograms], denied),
    verdict: "allow",
  });
  for (const [name, flags] of [
    ["sendto", 3],
    ["recvfrom", 3],
    ["recvmsg", 2],
  ] as const) {
    calls.set(name, {
      rules: [{ argument: flags, test: "any", value: MSG_OOB, verdict: denied }],
      verdict: "allow",
    });
  }
  // Libraries of threads set the class that is had anyway, and end where that fails. It is answered, and not done.
  calls.set("sched_setscheduler", { rules: equal(1, [SCHED_OTHER], { errno: 0 }), verdict: denied });
  calls.set("membarrier", { rules: equal(0, ownBarriers, "allow"), verdict: denied });
  calls.set("mmap", {
    rules: [{ argument: 3, test: "any", value: hugePages, verdict: denied }],
    verdict: "allow",
  });
  calls.set("madvise", { rules: equal(2, sharedMemoryAdvice, denied), verdict: "allow" });
  calls.set("socketpair", { rules: equal(0, [AF_UNIX], "allow"), verdict: { errno: EAFNOSUPPORT } });
  return { calls, otherwise: { errno: ENOSYS } };
}

/**
 * Limits stand as the wall set them. A program that lowers its own CPU limit is ended by SIGKILL, which would pass for the
 * host's doing; one that lowers its first process's from outside would end it; and a core limit of 0 makes the kernel start
 * the host's core handler again. Asking stays allowed: `prlimit64` with no new limits. The errno is one that no library
 * explains away: CPython calls EPERM here an attempt to raise a limit, whichever way it went.
 */
const limitsStand: Verdict = { errno: EACCES };
/** Which argument of `prlimit64` holds limits to set. */
export const newLimits = 2;

/** Rules for a call whose argument points to something. */
export function anyPointer(argument: number, verdict: Verdict): ArgumentRule[] {
  return (["low", "high"] as const).map((half) => ({
    argument,
    half,
    test: "any",
    value: 0xffffffff,
    verdict,
  }));
}

/** What sandboxes run as on the host: ids of their own, or one for all. */
export type HostIdKind = "own" | "shared";

/**
 * Calls that use up what the kernel gives a user of the host. Watches of epoll instances: one process registers 400,000 of
 * them in seconds, no rlimit bounds them, and where none are left Node, which is the same user's, aborts. Programs have
 * `poll` and `select`.
 */
export const sharedPoolCalls: readonly string[] = words("epoll_create epoll_create1");

/**
 * Filter B, installed last by each sandbox: takes away what building the wall, or the slot, needed.
 * @param ids where they are shared, what one sandbox would use up for all is refused. @default "own"
 */
export function sandboxPolicy(ids: HostIdKind = "own"): FilterPolicy {
  const calls = new Map<string, CallRule>();
  for (const name of setupCalls) calls.set(name, { rules: [], verdict: denied });
  // glibc asks for clone3 first and takes ENOSYS as "use clone", whose flags a filter can see.
  calls.set("clone3", { rules: [], verdict: { errno: ENOSYS } });
  calls.set("clone", {
    rules: [{ argument: 0, test: "any", value: newNamespaces | clonePidfd, verdict: denied }],
    verdict: "allow",
  });
  calls.set("prctl", { rules: [...equal(0, guestPrctl, "allow"), givesUpCores], verdict: denied });
  calls.set("setrlimit", { rules: [], verdict: limitsStand });
  calls.set("prlimit64", { rules: anyPointer(newLimits, limitsStand), verdict: "allow" });
  // It passes descriptors, of which one user may have only so many on their way; slots need it, sandboxes would starve
  // and signal each other with it. send and write take its place.
  calls.set("sendmsg", { rules: [], verdict: denied });
  if (ids === "shared") for (const name of sharedPoolCalls) calls.set(name, { rules: [], verdict: denied });
  return { calls, otherwise: "allow" };
}
