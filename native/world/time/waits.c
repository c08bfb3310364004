/*
 * Sleeping, and waiting for descriptors and signals, with the logical clock.
 *
 * A sleep in a process with one thread and no timer is an addition. Everything else goes through world_block, which runs
 * other threads, fires timers, and lets the clock jump when nothing can happen before the deadline. Descriptors are asked
 * for real first, so that what is ready is seen whatever the deadline says. Asking without waiting, over and over, would
 * keep the turn for ever: it gives the turn away.
 *
 * The forms that change the signal mask for the time of the wait change it before and after. A signal that has come by then ends the
 * wait before it begins; one that arrives exactly in between is taken as one that arrived before.
 */
#define _GNU_SOURCE
#include "locks/locks.h"
#include "world/threads/threads.h"
#include "questions.h"
#include "signals.h"
#include "timers.h"
#include "vdso.h"
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { KERNEL_SIGSET = 8, MILLI = 1000000 };

/* ---- sleeping ---- */

static void put_left(struct timespec *to, int64_t deadline) {
  int64_t left = deadline - world_now();
  if (left < 0) left = 0;
  if (to) *to = (struct timespec){ left / WORLD_SECOND, left % WORLD_SECOND };
}

static bool sleep_until(int64_t deadline) {
  world_count(LEDGER_SLEEP, 1);
  /* A sleep after a lock was not to be had is for the process that has it. */
  if (WORLD_UNLIKELY(locks_missed)) {
    world_ask_patiently(locks_could_be_had, NULL);
    locks_missed = false;
  }
  if (world_simple() && !world_child_lives()) {
    world_advance(deadline);
    return true;
  }
  struct world_wait wait = { .deadline = deadline };
  return world_block(&wait) != WAIT_INTERRUPTED;
}

long world_do_sleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left) {
  int64_t ns = world_duration(time);
  bool absolute = flags & TIMER_ABSTIME;
  if (clock < 0 || !world_clock_known(clock) || clock == CLOCK_THREAD_CPUTIME_ID || (ns < 0 && !absolute)) return -EINVAL;
  if (time->tv_nsec < 0 || time->tv_nsec >= WORLD_SECOND) return -EINVAL;
  int64_t deadline = ns < 0 ? 0 : world_deadline(clock, absolute, ns);
  if (sleep_until(deadline)) return 0;
  if (!absolute) put_left(left, deadline);
  return -EINTR;
}

WORLD_EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left) {
  return (int)-world_do_sleep(clock, flags, time, left);
}

WORLD_EXPORT int nanosleep(const struct timespec *time, struct timespec *left) {
  return (int)world_result(world_do_sleep(CLOCK_MONOTONIC, 0, time, left));
}

WORLD_EXPORT int __nanosleep(const struct timespec *time, struct timespec *left) { return nanosleep(time, left); }

WORLD_EXPORT int usleep(useconds_t us) {
  struct timespec time = { us / 1000000, us % 1000000 * 1000 };
  return nanosleep(&time, NULL);
}

WORLD_EXPORT unsigned sleep(unsigned seconds) {
  struct timespec time = { seconds, 0 }, left;
  if (world_do_sleep(CLOCK_MONOTONIC, 0, &time, &left) == 0) return 0;
  return (unsigned)left.tv_sec + (left.tv_nsec >= WORLD_SECOND / 2);
}

WORLD_EXPORT int thrd_sleep(const struct timespec *time, struct timespec *left) {
  long result = world_do_sleep(CLOCK_MONOTONIC, 0, time, left);
  return result == 0 ? 0 : result == -EINTR ? -1 : -2;
}

/* ---- descriptors ---- */

struct polled { struct pollfd *fds; nfds_t count; };

static long ask_poll(void *argument) {
  const struct polled *polled = argument;
  struct timespec none = { 0, 0 };
  return world_raw6(SYS_ppoll, (long)polled->fds, (long)polled->count, (long)&none, 0, 0, 0);
}

/* Beside a child of whom several pipes are waited for: when it rests. */
static long ask_settled(long (*ask)(void *), void *argument, struct pollfd *fds, unsigned count) {
  long got = let_child_come_to_rest(fds, count);
  return got < 0 || (got > 0 && ask == ask_poll) ? got : ask(argument);
}

/* Asks until the answer is not 0 or the deadline has come. `fds` is what to wait for in between. */
static long wait_ready(long (*ask)(void *), void *argument, struct pollfd *fds, unsigned count, int64_t ns,
                       const sigset_t *mask) {
  uint64_t before;
  if (ns > 0) world_count(LEDGER_WAIT, 1);
  if (ns == 0) world_early_ask();
  else questions_asked_anew();
  long got = 0;
  if (ns < 0 && world_alone()) got = ask_settled(ask, argument, fds, count);
  else if (ns == 0 || !world_races(fds, count)) got = ask(argument);
  if (got == 0 && world_signal_came(mask)) return -EINTR;
  struct world_wait wait = { .fds = fds, .fd_count = count, .deadline = WORLD_NEVER };
  bool networked = ns > 0 && got == 0 && world_waits_on_network(&wait);
  if (ns > 0 && world_alone() && got >= 0 && !networked && world_has_child()) got = let_child_run(ask, argument, fds, count, got);
  if (got == 0 && ns == 0 && world.racing) got = ask_in_race(ask, argument, fds, count);
  if (got != 0) return got;
  if (ns == 0) {
    if (world_alone() && world_due_at == WORLD_NEVER) return 0;
    world_yield();
    return ask(argument);
  }
  if (ns > 0 && world_simple() && !world_child_lives() && !world_watches_network(&wait)) {
    /* What a child did last may have come after the question. */
    if (world.births > 0 && (got = ask(argument)) != 0) return got;
    world_advance(world_now() + ns);
    return ask(argument);
  }
  if (ns > 0) wait.deadline = world_now() + ns;
  world_set_mask(mask, &before);
  enum world_outcome outcome;
  do {
    wait.order = 0;
    outcome = world_block(&wait);
    got = ns < 0 && outcome == WAIT_OVER ? ask_settled(ask, argument, fds, count) : ask(argument);
  } while (got == 0 && outcome == WAIT_OVER);
  if (mask) world_set_mask((const sigset_t *)&before, NULL);
  return got == 0 && outcome == WAIT_INTERRUPTED ? -EINTR : got;
}

static int64_t of_ms(int ms) { return ms < 0 ? -1 : (int64_t)ms * MILLI; }

WORLD_EXPORT int poll(struct pollfd *fds, nfds_t count, int timeout) {
  struct polled polled = { fds, count };
  long got = wait_ready(ask_poll, &polled, fds, (unsigned)count, of_ms(timeout), NULL);
  without_ends(fds, (unsigned)count);
  return (int)world_result(got);
}

WORLD_EXPORT int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask) {
  struct polled polled = { fds, count };
  int64_t ns = timeout ? world_duration(timeout) : -1;
  if (timeout && ns < 0) return (int)world_result(-EINVAL);
  long got = wait_ready(ask_poll, &polled, fds, (unsigned)count, ns, mask);
  without_ends(fds, (unsigned)count);
  return (int)world_result(got);
}

/* What programs compiled with _FORTIFY_SOURCE call; the kernel checks nothing less. */
WORLD_EXPORT int __poll_chk(struct pollfd *fds, nfds_t count, int timeout, size_t bytes) {
  if (bytes / sizeof *fds < count) __builtin_trap();
  return poll(fds, count, timeout);
}

WORLD_EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask,
                             size_t bytes) {
  if (bytes / sizeof *fds < count) __builtin_trap();
  return ppoll(fds, count, timeout, mask);
}

struct selected { int count; fd_set *sets[3]; };

/* The kernel reads and writes as many bits as there are descriptors, which may be fewer or more than an fd_set has. */
static size_t set_bytes(int count) { return ((size_t)count + 63) / 64 * 8; }

static long ask_select(void *argument) {
  struct selected *selected = argument;
  size_t bytes = set_bytes(selected->count);
  uint8_t copies[3][bytes + 1];
  struct timespec none = { 0, 0 };
  for (int i = 0; i < 3; i++)
    if (selected->sets[i]) __builtin_memcpy(copies[i], selected->sets[i], bytes);
  long got = world_raw6(SYS_pselect6, selected->count, selected->sets[0] ? (long)copies[0] : 0,
                        selected->sets[1] ? (long)copies[1] : 0, selected->sets[2] ? (long)copies[2] : 0, (long)&none, 0);
  for (int i = 0; i < 3 && got > 0; i++)
    if (selected->sets[i]) __builtin_memcpy(selected->sets[i], copies[i], bytes);
  return got;
}

static long do_select(int count, fd_set *read, fd_set *write, fd_set *except, int64_t ns, const sigset_t *mask) {
  static const short events[3] = { POLLIN, POLLOUT, POLLPRI };
  struct selected selected = { count, { read, write, except } };
  if (count < 0 || count > 65536) return -EINVAL;
  struct pollfd fds[count + 1];
  unsigned used = 0;
  for (int fd = 0; fd < count; fd++) {
    fds[used] = (struct pollfd){ .fd = fd };
    for (int i = 0; i < 3; i++)
      if (selected.sets[i] && ((const uint64_t *)selected.sets[i])[fd / 64] >> fd % 64 & 1) fds[used].events |= events[i];
    if (fds[used].events) used++;
  }
  long got = wait_ready(ask_select, &selected, fds, used, ns, mask);
  for (int i = 0; i < 3 && got == 0; i++)
    if (selected.sets[i]) __builtin_memset(selected.sets[i], 0, set_bytes(count));
  return got;
}

WORLD_EXPORT int select(int count, fd_set *restrict read, fd_set *restrict write, fd_set *restrict except,
                        struct timeval *restrict timeout) {
  if (timeout && (timeout->tv_sec < 0 || timeout->tv_usec < 0)) return (int)world_result(-EINVAL);
  int64_t ns = -1;
  if (timeout) {
    struct timespec time = { timeout->tv_sec + timeout->tv_usec / 1000000, timeout->tv_usec % 1000000 * 1000 };
    ns = world_duration(&time);
  }
  int64_t deadline = world_now() + ns;
  long got = do_select(count, read, write, except, ns, NULL);
  if (timeout && got >= 0) {
    int64_t left = deadline > world_now() ? deadline - world_now() : 0;
    *timeout = (struct timeval){ left / WORLD_SECOND, left % WORLD_SECOND / 1000 };
  }
  return (int)world_result(got);
}

WORLD_EXPORT int pselect(int count, fd_set *restrict read, fd_set *restrict write, fd_set *restrict except,
                         const struct timespec *restrict timeout, const sigset_t *restrict mask) {
  int64_t ns = timeout ? world_duration(timeout) : -1;
  if (timeout && ns < 0) return (int)world_result(-EINVAL);
  return (int)world_result(do_select(count, read, write, except, ns, mask));
}

struct epolled { int fd, most; struct epoll_event *events; };

static long ask_epoll(void *argument) {
  const struct epolled *epolled = argument;
  return world_raw6(SYS_epoll_pwait, epolled->fd, (long)epolled->events, epolled->most, 0, 0, KERNEL_SIGSET);
}

static long do_epoll(int fd, struct epoll_event *events, int most, int64_t ns, const sigset_t *mask) {
  struct epolled epolled = { fd, most, events };
  struct pollfd itself = { fd, POLLIN, 0 };
  /* Event loops ask like that between any two things they do, and want no later time for it. */
  questions_asked_anew();
  return wait_ready(ask_epoll, &epolled, &itself, 1, ns, mask);
}

WORLD_EXPORT int epoll_wait(int fd, struct epoll_event *events, int most, int timeout) {
  return (int)world_result(do_epoll(fd, events, most, of_ms(timeout), NULL));
}

WORLD_EXPORT int epoll_pwait(int fd, struct epoll_event *events, int most, int timeout, const sigset_t *mask) {
  return (int)world_result(do_epoll(fd, events, most, of_ms(timeout), mask));
}

WORLD_EXPORT int epoll_pwait2(int fd, struct epoll_event *events, int most, const struct timespec *timeout,
                              const sigset_t *mask) {
  int64_t ns = timeout ? world_duration(timeout) : -1;
  if (timeout && ns < 0) return (int)world_result(-EINVAL);
  return (int)world_result(do_epoll(fd, events, most, ns, mask));
}
