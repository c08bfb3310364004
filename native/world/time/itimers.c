/* Timers that raise signals: alarm, the three interval timers, POSIX timers. timers.c says how they fire. */
#define _GNU_SOURCE
#include "timers.h"
#include "world/threads/schedule.h"
#include "world/threads/threads.h"
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { MICRO = 1000, NO_SUCH = -1 };

static const int signal_of[3] = { [ITIMER_REAL] = SIGALRM, [ITIMER_VIRTUAL] = SIGVTALRM, [ITIMER_PROF] = SIGPROF };

static int64_t of_timeval(const struct timeval *time) {
  if (time->tv_usec < 0 || time->tv_usec >= 1000000) return NO_SUCH;
  struct timespec precise = { time->tv_sec, time->tv_usec * MICRO };
  return world_duration(&precise);
}

/* Rounded up, as the kernel does: what is armed is never 0. */
static struct timeval to_timeval(int64_t ns) {
  int64_t us = (ns + MICRO - 1) / MICRO;
  return (struct timeval){ us / 1000000, us % 1000000 };
}

WORLD_EXPORT int getitimer(__itimer_which_t which, struct itimerval *to) {
  if ((int)which < ITIMER_REAL || (int)which > ITIMER_PROF) return (int)world_result(-EINVAL);
  struct timer *timer = timer_find(TIMER_INTERVAL, (int)which);
  memset(to, 0, sizeof *to);
  if (!timer) return 0;
  to->it_value = to_timeval(timer_left(timer));
  to->it_interval = to_timeval(timer->interval);
  return 0;
}

WORLD_EXPORT int setitimer(__itimer_which_t which, const struct itimerval *restrict to, struct itimerval *restrict old) {
  struct itimerval none = { 0 }, before;
  if (getitimer(which, &before) < 0) return -1;
  if (!to) to = &none;
  int64_t value = of_timeval(&to->it_value), interval = of_timeval(&to->it_interval);
  if (value < 0 || interval < 0) return (int)world_result(-EINVAL);
  if (old) *old = before;
  struct timer *timer = timer_find(TIMER_INTERVAL, (int)which);
  if (!timer && value == 0) return 0;
  if (!timer) timer = timer_take(TIMER_INTERVAL, (int)which);
  if (!timer) return (int)world_result(-EAGAIN);
  if (value > 0) world_count(LEDGER_WAIT, 1);
  timer->signal = signal_of[which];
  timer_arm(timer, value == 0 ? WORLD_NEVER : world_now() + value, interval);
  return 0;
}

WORLD_EXPORT useconds_t ualarm(useconds_t value, useconds_t interval) {
  struct itimerval old, to = {
    .it_value = { value / 1000000, value % 1000000 }, .it_interval = { interval / 1000000, interval % 1000000 },
  };
  if (setitimer(ITIMER_REAL, &to, &old) < 0) return (useconds_t)-1;
  return (useconds_t)(old.it_value.tv_sec * 1000000 + old.it_value.tv_usec);
}

WORLD_EXPORT unsigned alarm(unsigned seconds) {
  struct itimerval old, to = { .it_value = { seconds, 0 } };
  if (setitimer(ITIMER_REAL, &to, &old) < 0) return 0;
  unsigned left = (unsigned)old.it_value.tv_sec;
  /* To the nearest second, but what is armed is never 0. */
  if (old.it_value.tv_usec >= 500000 || (left == 0 && old.it_value.tv_usec > 0)) left++;
  return left;
}

/* ---- POSIX timers; the id is a place in the table, plus 1 ---- */

static struct timer *of_id(timer_t id) { return timer_of_index((unsigned)(uintptr_t)id - 1); }

WORLD_EXPORT int timer_create(clockid_t clock, struct sigevent *restrict event, timer_t *restrict id) {
  if (!world_clock_known(clock)) return (int)world_result(-EINVAL);
  int kind = event ? event->sigev_notify : SIGEV_SIGNAL;
  int number = event ? event->sigev_signo : SIGALRM;
  /* A thread of its own for each expiry is not offered. */
  if (kind == SIGEV_THREAD) return (int)world_result(-ENOTSUP);
  if (kind != SIGEV_NONE && (number < 1 || number > SIGRTMAX)) return (int)world_result(-EINVAL);
  struct timer *timer = timer_take(TIMER_POSIX, NO_SUCH);
  if (!timer) return (int)world_result(-EAGAIN);
  *id = (timer_t)(uintptr_t)(timer_index(timer) + 1);
  timer->clock = clock;
  timer->signal = kind == SIGEV_NONE ? 0 : number;
  timer->value = event ? event->sigev_value.sival_ptr : *id;
#ifdef sigev_notify_thread_id
  if (kind == SIGEV_THREAD_ID) timer->thread = event->sigev_notify_thread_id;
#else
  if (kind == SIGEV_THREAD_ID) timer->thread = event->_sigev_un._tid;
#endif
  return 0;
}

WORLD_EXPORT int timer_gettime(timer_t id, struct itimerspec *to) {
  struct timer *timer = of_id(id);
  if (!timer) return (int)world_result(-EINVAL);
  int64_t left = timer_left(timer);
  to->it_value = (struct timespec){ left / WORLD_SECOND, left % WORLD_SECOND };
  to->it_interval = (struct timespec){ timer->interval / WORLD_SECOND, timer->interval % WORLD_SECOND };
  return 0;
}

WORLD_EXPORT int timer_settime(timer_t id, int flags, const struct itimerspec *restrict to, struct itimerspec *restrict old) {
  struct timer *timer = of_id(id);
  int64_t value = world_duration(&to->it_value), interval = world_duration(&to->it_interval);
  if (!timer || value < 0 || interval < 0) return (int)world_result(-EINVAL);
  if (old) timer_gettime(id, old);
  world_count(LEDGER_WAIT, 1);
  int64_t deadline = value == 0 ? WORLD_NEVER : world_deadline(timer->clock, flags & TIMER_ABSTIME, value);
  timer_arm(timer, deadline, interval);
  if (deadline <= world_now()) world_due();
  return 0;
}

WORLD_EXPORT int timer_getoverrun(timer_t id) {
  struct timer *timer = of_id(id);
  return timer ? timer->overrun : (int)world_result(-EINVAL);
}

WORLD_EXPORT int timer_delete(timer_t id) {
  struct timer *timer = of_id(id);
  if (!timer) return (int)world_result(-EINVAL);
  timer->kind = TIMER_FREE;
  return 0;
}
