/*
 * System calls that do not go through libc's functions: `syscall(number, ...)`, and instructions of a program's own.
 *
 * libc's syscall() is a function like any other. Instructions are caught by the sandbox's seccomp filter, which answers
 * the calls named in src/sandbox/seccomp/sealed.ts with SIGSYS; this answers in the kernel's place (time/own_signals.c). It runs
 * inside whatever the program was doing, so it calls nothing of libc. Without a filter (this library in front of a plain
 * program) the handler is never called.
 */
#define _GNU_SOURCE
#include "world/files/descriptors.h"
#include "world/files/dirents.h"
#include "world/files/files.h"
#include "world/network/network.h"
#include "world/process/process.h"
#include "world/threads/schedule.h"
#include "world/time/signals.h"
#include "world/time/timers.h"
#include "world/time/vdso.h"
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

/* ---- futexes by syscall(), which other languages' locks are made of ---- */

struct futex_wait { const uint32_t *word; uint32_t value; };

static bool has_changed(void *argument) {
  const struct futex_wait *futex = argument;
  return __atomic_load_n(futex->word, __ATOMIC_ACQUIRE) != futex->value;
}

static long wait_futex(const long a[6], int operation) {
  const struct timespec *timeout = (const struct timespec *)a[3];
  struct futex_wait futex = { (const uint32_t *)a[0], (uint32_t)a[2] };
  struct world_wait wait = { .address = futex.word, .deadline = WORLD_NEVER };
  if (has_changed(&futex)) return -EAGAIN;
  if (timeout) {
    int64_t ns = world_duration(timeout);
    bool absolute = (operation & FUTEX_CMD_MASK) == FUTEX_WAIT_BITSET;
    if (ns < 0) return -EINVAL;
    world_count(LEDGER_WAIT, 1);
    wait.deadline = world_deadline(operation & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC, absolute, ns);
  }
  /* A word that other processes share may change without a wake of ours. */
  if (!(operation & FUTEX_PRIVATE_FLAG)) wait.attempt = has_changed, wait.argument = &futex;
  switch (world_block(&wait)) {
    case WAIT_TIMEOUT: return -ETIMEDOUT;
    case WAIT_INTERRUPTED: return -EINTR;
    default: return 0;
  }
}

static bool do_futex(const long a[6], long *result) {
  int operation = (int)a[1], command = operation & FUTEX_CMD_MASK;
  if (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET) {
    *result = wait_futex(a, operation);
    return true;
  }
  if (command != FUTEX_WAKE && command != FUTEX_WAKE_BITSET) return false;
  unsigned woken = world_wake((const void *)a[0], (unsigned)a[2]);
  long real = world_raw6(SYS_futex, a[0], a[1], a[2] - woken, a[3], a[4], a[5]);
  *result = real < 0 ? real : real + woken;
  return true;
}

/* ---- new processes by number ---- */

static bool do_clone(long number, const long a[6], long *result) {
  /* A new stack or shared memory is for the caller's own assembly. */
  if (number != SYS_clone || a[1] != 0 || (a[0] & CLONE_VM)) return false;
  uint32_t birth = world_conceive();
  *result = world_raw6(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  if (*result == 0) world_child_born(birth);
  return true;
}

long world_do_execve(const char *path, char *const *arguments, char *const *environment);
long world_do_execveat(int folder, const char *path, char *const *arguments, char *const *environment, int flags);

/* ---- all of them ---- */

static bool emulate_clock(long number, const long a[6], long *result) {
  switch (number) {
    case SYS_clock_gettime: *result = world_do_clock_gettime((clockid_t)a[0], (struct timespec *)a[1]); return true;
    case SYS_gettimeofday: *result = world_do_gettimeofday((struct timeval *)a[0], (struct timezone *)a[1]); return true;
    case SYS_times: *result = world_do_times((struct tms *)a[0]); return true;
    case SYS_getrusage: *result = world_do_getrusage((int)a[0], (struct rusage *)a[1]); return true;
    case SYS_nanosleep:
      *result = world_do_sleep(CLOCK_MONOTONIC, 0, (const struct timespec *)a[0], (struct timespec *)a[1]);
      return true;
    case SYS_clock_nanosleep:
      *result = world_do_sleep((clockid_t)a[0], (int)a[1], (const struct timespec *)a[2], (struct timespec *)a[3]);
      return true;
#ifdef SYS_time
    case SYS_time: *result = world_do_time((time_t *)a[0]); return true;
#endif
    case SYS_timerfd_create: *result = world_do_timerfd_create((int)a[0], (int)a[1]); return true;
    case SYS_timerfd_gettime: *result = world_do_timerfd_gettime((int)a[0], (struct itimerspec *)a[1]); return true;
    case SYS_timerfd_settime:
      *result = world_do_timerfd_settime((int)a[0], (int)a[1], (const struct itimerspec *)a[2], (struct itimerspec *)a[3]);
      return true;
    default: return false;
  }
}

static bool emulate_standing(long number, const long a[6], long *result) {
  switch (number) {
    case SYS_getpriority: *result = world_do_getpriority((int)a[0], (id_t)a[1]); return true;
    case SYS_sched_getscheduler: *result = world_do_scheduler((pid_t)a[0]); return true;
    case SYS_sched_getparam: *result = world_do_scheduling((pid_t)a[0], (struct sched_param *)a[1]); return true;
    case SYS_sched_rr_get_interval: *result = world_do_turn((pid_t)a[0], (struct timespec *)a[1]); return true;
    case SYS_prlimit64:
      *result = world_do_limits((pid_t)a[0], (int)a[1], (const struct rlimit *)a[2], (struct rlimit *)a[3]);
      return true;
#ifdef SYS_getrlimit
    case SYS_getrlimit: *result = world_do_limits(0, (int)a[0], NULL, (struct rlimit *)a[1]); return true;
#endif
    default: return false;
  }
}

static bool emulate_file(long number, const long a[6], long *result) {
  switch (number) {
    case SYS_getdents64: *result = world_do_getdents64((int)a[0], (void *)a[1], (size_t)a[2]); return true;
    case SYS_statfs: *result = world_do_statfs((const char *)a[0], (struct statfs *)a[1]); return true;
    case SYS_fstatfs: *result = world_do_fstatfs((int)a[0], (struct statfs *)a[1]); return true;
    case SYS_statx:
      *result = world_do_statx((int)a[0], (const char *)a[1], (int)a[2], (unsigned)a[3], (struct statx *)a[4]);
      return true;
    default: return false;
  }
}

bool world_emulate(long number, const long a[6], long *result) {
  switch (number) {
    case SYS_getrandom:
      world_fill((void *)a[0], (size_t)a[1]);
      *result = a[1];
      return true;
    case SYS_membarrier:
      *result = world_do_barriers();
      return a[0] == MEMBARRIER_CMD_QUERY;
    case SYS_getcpu: *result = world_do_getcpu((unsigned *)a[0], (unsigned *)a[1]); return true;
    case SYS_sysinfo: *result = world_do_sysinfo((struct sysinfo *)a[0]); return true;
    case SYS_uname: *result = world_do_uname((struct utsname *)a[0]); return true;
    case SYS_sched_getaffinity:
      *result = world_do_getaffinity((pid_t)a[0], (size_t)a[1], (cpu_set_t *)a[2]);
      return true;
    case SYS_sched_setaffinity:
      *result = world_do_setaffinity((pid_t)a[0], (size_t)a[1], (const cpu_set_t *)a[2]);
      return true;
    case SYS_socketpair:
      *result = world_do_socketpair((int)a[0], (int)a[1], (int)a[2], (int *)a[3]);
      return true;
    case SYS_bind: *result = world_do_bind((int)a[0], (const struct sockaddr *)a[1], (socklen_t)a[2]); return true;
    case SYS_connect: *result = world_do_connect((int)a[0], (const struct sockaddr *)a[1], (socklen_t)a[2]); return true;
    case SYS_listen: *result = world_do_listen((int)a[0], (int)a[1]); return true;
    default:
      return emulate_file(number, a, result) || emulate_clock(number, a, result) || emulate_standing(number, a, result) ||
             world_do_wait(number, a, result);
  }
}

static long raw_of(long answer) { return answer < 0 ? -errno : answer; }

static bool emulate_descriptor(long number, const long a[6], long *result) {
  switch (number) {
    case SYS_close: *result = world_do_close((int)a[0]); return true;
    case SYS_dup: *result = world_do_dup((int)a[0]); return true;
    case SYS_dup3: *result = world_do_dup3((int)a[0], (int)a[1], (int)a[2]); return true;
    case SYS_close_range: *result = world_do_close_range((unsigned)a[0], (unsigned)a[1], (unsigned)a[2]); return true;
    case SYS_eventfd2: *result = world_do_eventfd((unsigned)a[0], (int)a[1]); return true;
    case SYS_flock: *result = raw_of(flock((int)a[0], (int)a[1])); return true;
    case SYS_fcntl: *result = raw_of(fcntl((int)a[0], (int)a[1], a[2])); return true;
#ifdef SYS_dup2
    case SYS_dup2: *result = raw_of(dup2((int)a[0], (int)a[1])); return true;
    case SYS_eventfd: *result = world_do_eventfd((unsigned)a[0], 0); return true;
#endif
    default: return false;
  }
}

/* Files: the linker asks the same before any handler of ours could answer, so no filter can catch these. */
static bool emulate_name(long number, const long a[6], long *result) {
  switch (number) {
    case SYS_openat: *result = world_do_openat((int)a[0], (const char *)a[1], (int)a[2], (unsigned)a[3]); return true;
    case SYS_newfstatat:
      *result = world_do_stat((int)a[0], (const char *)a[1], (int)a[3], (struct stat *)a[2]);
      return true;
    case SYS_fstat: *result = world_do_stat((int)a[0], "", AT_EMPTY_PATH, (struct stat *)a[1]); return true;
    case SYS_faccessat: *result = raw_of(faccessat((int)a[0], (const char *)a[1], (int)a[2], 0)); return true;
#ifdef SYS_open
    case SYS_open: *result = world_do_openat(AT_FDCWD, (const char *)a[0], (int)a[1], (unsigned)a[2]); return true;
    case SYS_stat: *result = world_do_stat(AT_FDCWD, (const char *)a[0], 0, (struct stat *)a[1]); return true;
    case SYS_lstat:
      *result = world_do_stat(AT_FDCWD, (const char *)a[0], AT_SYMLINK_NOFOLLOW, (struct stat *)a[1]);
      return true;
    case SYS_access: *result = raw_of(access((const char *)a[0], (int)a[1])); return true;
#endif
    default: return false;
  }
}

/* What only a caller of syscall() can be given. */
static bool emulate_function(long number, const long a[6], long *result) {
  switch (number) {
    case SYS_futex: return do_futex(a, result);
    case SYS_clone: return do_clone(number, a, result);
    case SYS_execve: *result = world_do_execve((char *)a[0], (char *const *)a[1], (char *const *)a[2]); return true;
    case SYS_execveat:
      *result = world_do_execveat((int)a[0], (char *)a[1], (char *const *)a[2], (char *const *)a[3], (int)a[4]);
      return true;
#ifdef SYS_fork
    case SYS_fork: case SYS_vfork: *result = fork(); return true;
#endif
    default: return emulate_descriptor(number, a, result) || emulate_name(number, a, result);
  }
}

WORLD_EXPORT long syscall(long number, ...) {
  long a[6], result;
  va_list list;
  va_start(list, number);
  for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
  va_end(list);
  if (!world_emulate(number, a, &result) && !emulate_function(number, a, &result))
    result = world_raw6(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return world_result(result);
}

#ifndef SYS_SECCOMP
#define SYS_SECCOMP 1
#endif

/* Where sandboxes share an id of the host the filter refuses it, and elsewhere it is there. */
static long unanswered(long number) {
  bool is_epoll = number == SYS_epoll_create1;
#ifdef SYS_epoll_create
  is_epoll |= number == SYS_epoll_create;
#endif
  if (is_epoll) world_lacks(LACK_EPOLL);
  return is_epoll ? -EPERM : -ENOSYS;
}

/* Another process may send the signal at any instruction, whose registers are nobody's answer. */
bool world_answer_call(siginfo_t *info, ucontext_t *context) {
  if (info->si_code != SYS_SECCOMP) return false;
  long result = unanswered(info->si_syscall);
#if defined(__x86_64__)
  greg_t *r = context->uc_mcontext.gregs;
  const long a[6] = { r[REG_RDI], r[REG_RSI], r[REG_RDX], r[REG_R10], r[REG_R8], r[REG_R9] };
  world_emulate(info->si_syscall, a, &result);
  r[REG_RAX] = result;
#elif defined(__aarch64__)
  unsigned long long *r = context->uc_mcontext.regs;
  const long a[6] = { (long)r[0], (long)r[1], (long)r[2], (long)r[3], (long)r[4], (long)r[5] };
  world_emulate(info->si_syscall, a, &result);
  r[0] = (unsigned long long)result;
#endif
  return true;
}
