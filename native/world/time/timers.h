#ifndef SAMESEED_WORLD_TIMERS_H
#define SAMESEED_WORLD_TIMERS_H

#include "world/world.h"
#include <time.h>

/* A duration in nanoseconds, cut off far beyond every episode; -1: not a time. */
int64_t world_duration(const struct timespec *time);
/* A logical deadline: of a duration from now, or of a moment on a clock. */
int64_t world_deadline(int clock, bool absolute, int64_t ns);

/* timers.c: as the kernel answers (-errno). */
long world_do_timerfd_create(int clock, int flags);
long world_do_timerfd_settime(int fd, int flags, const struct itimerspec *to, struct itimerspec *old);
long world_do_timerfd_gettime(int fd, struct itimerspec *to);
void world_timerfd_closed(int fd);              /* nothing, where it is no timer's */
void world_timerfds_closed(unsigned first, unsigned last);
void world_timerfd_copied(int from, int to);    /* `to` is nobody's yet */
extern unsigned world_timerfds;

/* itimers.c uses these. */
enum timer_kind { TIMER_FREE, TIMER_INTERVAL, TIMER_POSIX, TIMER_FD };
struct timer {
  enum timer_kind kind;
  int id;                       /* which interval timer */
  uint64_t inode;               /* of the descriptor's counter */
  int clock;
  int signal;                   /* 0: none */
  int thread;                   /* the only thread to be told, or 0 */
  void *value;                  /* comes with the signal */
  int64_t deadline, interval;   /* WORLD_NEVER and 0: not armed, not repeated */
  int overrun;
};
struct timer *timer_find(enum timer_kind kind, int id);
struct timer *timer_take(enum timer_kind kind, int id); /* NULL: too many */
void timer_arm(struct timer *timer, int64_t deadline, int64_t interval);
int64_t timer_left(const struct timer *timer);          /* 0: not armed */
unsigned timer_index(const struct timer *timer);
struct timer *timer_of_index(unsigned index);           /* NULL: no such POSIX timer */

#endif
