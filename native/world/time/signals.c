/*
 * Waiting for signals. Which signals come when is the program's own doing, except for those of timers, which are on the
 * logical clock; so a wait for one is a wait like any other.
 */
#define _GNU_SOURCE
#include "world/threads/schedule.h"
#include "signals.h"
#include "timers.h"
#include "world/world.h"
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { KERNEL_SIGSET = 8 };

static uint64_t pending(void) {
  uint64_t set = 0;
  world_raw6(SYS_rt_sigpending, (long)&set, KERNEL_SIGSET, 0, 0, 0, 0);
  return set;
}

static bool is_pending(void *wanted) { return (pending() & *(uint64_t *)wanted) != 0; }

static long take_signal(const sigset_t *wanted, siginfo_t *info) {
  struct timespec none = { 0, 0 };
  long got = world_raw6(SYS_rt_sigtimedwait, (long)wanted, (long)info, (long)&none, KERNEL_SIGSET, 0, 0);
  /* What a child used of a machine is the machine's. */
  if (got == SIGCHLD && info) info->si_utime = info->si_stime = 0;
  return got;
}

/* A signal's number, or -errno. `ns` < 0: no deadline. */
static long wait_signal(const sigset_t *wanted, siginfo_t *info, int64_t ns) {
  uint64_t bits = *(const uint64_t *)wanted;
  struct world_wait wait = { .attempt = is_pending, .argument = &bits };
  wait.deadline = ns < 0 ? WORLD_NEVER : world_now() + ns;
  if (ns > 0) world_count(LEDGER_WAIT, 1);
  for (;;) {
    long got = take_signal(wanted, info);
    if (got > 0 || (got != -EAGAIN && got != -EINTR)) return got;
    if (ns == 0) return -EAGAIN;
    wait.order = 0;
    enum world_outcome outcome = world_block(&wait);
    if (outcome == WAIT_OVER) continue;
    got = take_signal(wanted, info);
    if (got > 0) return got;
    return outcome == WAIT_TIMEOUT ? -EAGAIN : -EINTR;
  }
}

WORLD_EXPORT int sigtimedwait(const sigset_t *restrict wanted, siginfo_t *restrict info,
                              const struct timespec *restrict timeout) {
  int64_t ns = timeout ? world_duration(timeout) : -1;
  if (timeout && ns < 0) return (int)world_result(-EINVAL);
  return (int)world_result(wait_signal(wanted, info, ns));
}

WORLD_EXPORT int sigwaitinfo(const sigset_t *restrict wanted, siginfo_t *restrict info) {
  return (int)world_result(wait_signal(wanted, info, -1));
}

WORLD_EXPORT int sigwait(const sigset_t *restrict wanted, int *restrict number) {
  long got;
  do got = wait_signal(wanted, NULL, -1); while (got == -EINTR);
  if (got < 0) return (int)-got;
  *number = (int)got;
  return 0;
}

/* When another process sends one is the machine's. */
WORLD_EXPORT int sigpending(sigset_t *set) {
  world_early_ask();
  return REAL(sigpending)(set);
}

WORLD_EXPORT int pause(void) {
  struct world_wait wait = { .deadline = WORLD_NEVER };
  world_block(&wait);
  return (int)world_result(-EINTR);
}

/* Else the kernel drops it, or ends the process, and no wait is interrupted. */
bool world_handles(int signal, unsigned long without) {
  struct kernel_action action = { 0 };
  long error = world_raw6(SYS_rt_sigaction, signal, 0, (long)&action, KERNEL_SIGSET, 0, 0);
  return error == 0 && action.handler != (void *)SIG_DFL && action.handler != (void *)SIG_IGN && !(action.flags & without);
}

static bool is_coming(const sigset_t *mask) {
  uint64_t coming = pending() & ~*(const uint64_t *)mask;
  for (int signal = 1; coming; signal++, coming >>= 1)
    if ((coming & 1) && world_handles(signal, 0)) return true;
  return false;
}

bool world_signal_came(const sigset_t *mask) {
  uint64_t before;
  if (!mask || !is_coming(mask)) return false;
  world_set_mask(mask, &before);
  world_set_mask((const sigset_t *)&before, NULL);
  return true;
}

WORLD_EXPORT int sigsuspend(const sigset_t *mask) {
  uint64_t before;
  if (!world_signal_came(mask)) {
    world_set_mask(mask, &before);
    pause();
    world_set_mask((const sigset_t *)&before, NULL);
  }
  return (int)world_result(-EINTR);
}
