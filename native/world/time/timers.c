/*
 * Timers on the logical clock.
 *
 * A timer is a deadline in a table. It fires when the clock passes it: at the next clock read or wait, through the
 * schedule, which asks for the earliest deadline and jumps to it when nothing can run. Firing is a signal this process
 * sends to itself, or, for a timer that is a descriptor, a number written to the eventfd that stands for it: reading an
 * eventfd gives the count and takes it away, and poll and epoll see it, exactly as a timerfd's reader expects. Such a
 * timer lives as long as one of its descriptors, copies included; descriptors.c says which come and go. Libc can close
 * one where nobody sees it (fclose), so what is written to is looked at first.
 */
#define _GNU_SOURCE
#include "timers.h"
#include "world/threads/schedule.h"
#include "world/threads/threads.h"
#include "world/world.h"
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { TIMERS_MOST = 128, HOLDERS_MOST = 256, NO_DESCRIPTOR = -1 };
#define LONGEST_NS (INT64_MAX / 4)

static struct timer timers[TIMERS_MOST];
static unsigned used;           /* entries ever used */

/* The descriptors that are timers; the first `world_timerfds` are in use. */
static struct holder { int fd; struct timer *timer; } holders[HOLDERS_MOST];
unsigned world_timerfds;

int64_t world_duration(const struct timespec *time) {
  if (time->tv_nsec < 0 || time->tv_nsec >= WORLD_SECOND || time->tv_sec < 0) return -1;
  if (time->tv_sec >= LONGEST_NS / WORLD_SECOND) return LONGEST_NS;
  return time->tv_sec * WORLD_SECOND + time->tv_nsec;
}

int64_t world_deadline(int clock, bool absolute, int64_t ns) {
  if (!absolute) return world_now() + ns;
  return ns >= LONGEST_NS ? LONGEST_NS : ns - world_clock_base(clock);
}

struct timer *timer_find(enum timer_kind kind, int id) {
  for (unsigned i = 0; i < used; i++)
    if (timers[i].kind == kind && timers[i].id == id) return &timers[i];
  return NULL;
}

static struct holder *holder_of(int fd) {
  for (unsigned i = 0; i < world_timerfds; i++)
    if (holders[i].fd == fd) return &holders[i];
  return NULL;
}

static struct holder *holder_holding(const struct timer *timer) {
  for (unsigned i = 0; i < world_timerfds; i++)
    if (holders[i].timer == timer) return &holders[i];
  return NULL;
}

static struct timer *timer_of_fd(int fd) {
  struct holder *holder = holder_of(fd);
  return holder ? holder->timer : NULL;
}

struct timer *timer_take(enum timer_kind kind, int id) {
  for (unsigned i = 0; i < TIMERS_MOST; i++)
    if (timers[i].kind == TIMER_FREE) {
      if (i >= used) used = i + 1;
      timers[i] = (struct timer){ .kind = kind, .id = id, .deadline = WORLD_NEVER };
      return &timers[i];
    }
  return NULL;
}

unsigned timer_index(const struct timer *timer) { return (unsigned)(timer - timers); }

struct timer *timer_of_index(unsigned index) {
  return index < used && timers[index].kind == TIMER_POSIX ? &timers[index] : NULL;
}

void timer_arm(struct timer *timer, int64_t deadline, int64_t interval) {
  timer->deadline = deadline;
  timer->interval = interval;
  timer->overrun = 0;
  if (deadline < world_due_at) world_due_at = deadline;
}

int64_t timer_left(const struct timer *timer) {
  if (timer->deadline == WORLD_NEVER) return 0;
  int64_t left = timer->deadline - world_now();
  return left > 0 ? left : 1;
}

int64_t world_next_timer(void) {
  int64_t next = WORLD_NEVER;
  for (unsigned i = 0; i < used; i++)
    if (timers[i].kind != TIMER_FREE && timers[i].deadline < next) next = timers[i].deadline;
  return next;
}

/* In the child of a fork: its timers are its parent's, except that descriptors stay, which the parent goes on writing. */
void world_forget_timers(void) {
  memset(timers, 0, used * sizeof timers[0]);
  used = 0;
  world_timerfds = 0;
}

/* ---- firing ---- */

static void raise_signal(const struct timer *timer) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  info.si_signo = timer->signal;
  info.si_code = timer->kind == TIMER_POSIX ? SI_TIMER : SI_KERNEL;
  info.si_value.sival_ptr = timer->value;
  info.si_overrun = timer->overrun;
  long process = world_raw6(SYS_getpid, 0, 0, 0, 0, 0, 0);
  if (timer->thread)
    world_raw6(SYS_rt_tgsigqueueinfo, process, timer->thread, timer->signal, (long)&info, 0, 0);
  else if (timer->kind == TIMER_POSIX)
    world_raw6(SYS_rt_sigqueueinfo, process, timer->signal, (long)&info, 0, 0, 0);
  else
    world_raw6(SYS_kill, process, timer->signal, 0, 0, 0, 0);
  /* Whoever waits is told; it is the one whose signals are open when it waits. */
  thread_interrupt(thread_at(0));
}

/* Whether it still is what was made for a timer: all eventfds and their like share one inode, which nothing else has. */
static bool is_counter(int fd, uint64_t inode) {
  struct stat status;
  return world_raw6(SYS_fstat, fd, (long)&status, 0, 0, 0, 0) == 0 && (status.st_mode & S_IFMT) == 0 && status.st_ino == inode;
}

static void add_to_counter(struct timer *timer, uint64_t count) {
  for (struct holder *holder; (holder = holder_holding(timer)); world_timerfd_closed(holder->fd))
    if (is_counter(holder->fd, timer->inode)) {
      world_raw6(SYS_write, holder->fd, (long)&count, sizeof count, 0, 0, 0);
      return;
    }
}

static void fire(struct timer *timer, int64_t now) {
  int64_t times = 1;
  if (timer->interval > 0) {
    times += (now - timer->deadline) / timer->interval;
    timer->deadline += times * timer->interval;
  } else {
    timer->deadline = WORLD_NEVER;
  }
  timer->overrun = times - 1 > INT_MAX ? INT_MAX : (int)(times - 1);
  if (timer->kind == TIMER_FD) add_to_counter(timer, (uint64_t)times);
  else if (timer->signal) raise_signal(timer);
}

void world_fire_timers(void) {
  int64_t now = world_now();
  for (unsigned i = 0; i < used; i++)
    if (timers[i].kind != TIMER_FREE && timers[i].deadline <= now) fire(&timers[i], now);
}

/* ---- timers that are descriptors ---- */

_Static_assert((int)TFD_CLOEXEC == (int)EFD_CLOEXEC && (int)TFD_NONBLOCK == (int)EFD_NONBLOCK, "passed on as they are");

static void put_time(struct timespec *to, int64_t ns) { *to = (struct timespec){ ns / WORLD_SECOND, ns % WORLD_SECOND }; }

long world_do_timerfd_create(int clock, int flags) {
  struct stat status;
  if (clock < 0 || !world_clock_known(clock)) return -EINVAL;
  long fd = world_raw6(SYS_eventfd2, 0, flags, 0, 0, 0, 0);
  if (fd < 0) return fd;
  world_timerfd_closed((int)fd);
  struct timer *timer = world_timerfds < HOLDERS_MOST ? timer_take(TIMER_FD, NO_DESCRIPTOR) : NULL;
  if (!timer) {
    world_raw6(SYS_close, fd, 0, 0, 0, 0, 0);
    return -EMFILE;
  }
  world_raw6(SYS_fstat, fd, (long)&status, 0, 0, 0, 0);
  timer->inode = status.st_ino;
  timer->clock = clock;
  holders[world_timerfds++] = (struct holder){ (int)fd, timer };
  return fd;
}

void world_timerfd_closed(int fd) {
  struct holder *holder = holder_of(fd);
  if (!holder) return;
  struct timer *timer = holder->timer;
  *holder = holders[--world_timerfds];
  if (!holder_holding(timer)) timer->kind = TIMER_FREE;
}

void world_timerfds_closed(unsigned first, unsigned last) {
  for (unsigned i = world_timerfds; i-- > 0;)
    if ((unsigned)holders[i].fd >= first && (unsigned)holders[i].fd <= last) world_timerfd_closed(holders[i].fd);
}

void world_timerfd_copied(int from, int to) {
  struct timer *timer = timer_of_fd(from);
  if (timer && world_timerfds < HOLDERS_MOST) holders[world_timerfds++] = (struct holder){ to, timer };
}

long world_do_timerfd_gettime(int fd, struct itimerspec *to) {
  struct timer *timer = timer_of_fd(fd);
  if (!timer) return -EINVAL;
  put_time(&to->it_value, timer_left(timer));
  put_time(&to->it_interval, timer->interval);
  return 0;
}

long world_do_timerfd_settime(int fd, int flags, const struct itimerspec *to, struct itimerspec *old) {
  struct timer *timer = timer_of_fd(fd);
  int64_t value = world_duration(&to->it_value), interval = world_duration(&to->it_interval);
  if (!timer || value < 0 || interval < 0) return -EINVAL;
  if (old) world_do_timerfd_gettime(fd, old);
  world_count(LEDGER_WAIT, 1);
  /* What has fired and was not read is gone with the old setting. */
  struct pollfd ready = { fd, POLLIN, 0 };
  struct timespec none = { 0, 0 };
  uint64_t count;
  if (world_raw6(SYS_ppoll, (long)&ready, 1, (long)&none, 0, 0, 0) > 0)
    world_raw6(SYS_read, fd, (long)&count, sizeof count, 0, 0, 0);
  int64_t deadline = value == 0 ? WORLD_NEVER : world_deadline(timer->clock, flags & TFD_TIMER_ABSTIME, value);
  timer_arm(timer, deadline, interval);
  if (deadline <= world_now()) world_due();
  return 0;
}

WORLD_EXPORT int timerfd_create(clockid_t clock, int flags) { return (int)world_result(world_do_timerfd_create(clock, flags)); }

WORLD_EXPORT int timerfd_settime(int fd, int flags, const struct itimerspec *to, struct itimerspec *old) {
  return (int)world_result(world_do_timerfd_settime(fd, flags, to, old));
}

WORLD_EXPORT int timerfd_gettime(int fd, struct itimerspec *to) { return (int)world_result(world_do_timerfd_gettime(fd, to)); }
