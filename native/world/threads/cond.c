/*
 * Condition variables and barriers, which glibc lets nobody try: their waiters are queues in the schedule, in the order
 * in which they came. The memory of a barrier holds a counter of ours; that of a condition variable is only read, for
 * the clock it was made with, and stays as pthread_cond_init left it, so destroying it never waits.
 */
#define _GNU_SOURCE
#include "threads.h"
#include "world/world.h"
#include <errno.h>
#include <limits.h>
#include <string.h>

/* The word glibc keeps both attributes in. */
enum { COND_SHARED = 1, COND_MONOTONIC = 2 };

static bool cond_shared(const pthread_cond_t *cond) {
  return cond->__data.__wrefs & COND_SHARED;
}

static int cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *mutex, int64_t deadline) {
  struct thread *me = thread_self();
  struct world_wait wait = { 0 };
  int error = pthread_mutex_unlock(mutex);
  if (error) return error;
  int ended = wait_for_address(&wait, cond, deadline);
  error = mutex_lock_until(mutex, WORLD_NEVER);
  if (me && me->cancelled) pthread_testcancel();
  if (error) return error;
  /* A signal's handler has run; the standard allows waking for nothing, and programs look again. */
  return ended == EINTR ? 0 : ended;
}

WORLD_EXPORT int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex) {
  if (cond_shared(cond)) return REAL(pthread_cond_wait)(cond, mutex);
  return cond_wait_until(cond, mutex, WORLD_NEVER);
}

WORLD_EXPORT int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock,
                                        const struct timespec *time) {
  int64_t deadline = deadline_on(clock, time);
  if (deadline < 0) return EINVAL;
  world_count(LEDGER_WAIT, 1);
  return cond_wait_until(cond, mutex, deadline);
}

WORLD_EXPORT int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *time) {
  clockid_t clock = cond->__data.__wrefs & COND_MONOTONIC ? CLOCK_MONOTONIC : CLOCK_REALTIME;
  return pthread_cond_clockwait(cond, mutex, clock, time);
}

WORLD_EXPORT int pthread_cond_signal(pthread_cond_t *cond) {
  if (cond_shared(cond)) return REAL(pthread_cond_signal)(cond);
  if (!world_alone()) world_wake(cond, 1);
  return 0;
}

WORLD_EXPORT int pthread_cond_broadcast(pthread_cond_t *cond) {
  if (cond_shared(cond)) return REAL(pthread_cond_broadcast)(cond);
  if (!world_alone()) world_wake(cond, UINT_MAX);
  return 0;
}

/* ---- barriers ---- */

struct barrier { unsigned needed, arrived, round; };
_Static_assert(sizeof(struct barrier) <= sizeof(pthread_barrier_t), "a barrier of ours lies in glibc's");

WORLD_EXPORT int pthread_barrier_init(pthread_barrier_t *memory, const pthread_barrierattr_t *attributes, unsigned count) {
  if (count == 0) return EINVAL;
  struct barrier barrier = { .needed = count };
  memcpy(memory, &barrier, sizeof barrier);
  (void)attributes;
  return 0;
}

WORLD_EXPORT int pthread_barrier_destroy(pthread_barrier_t *memory) {
  memset(memory, 0, sizeof *memory);
  return 0;
}

WORLD_EXPORT int pthread_barrier_wait(pthread_barrier_t *memory) {
  struct barrier *barrier = (struct barrier *)memory;
  unsigned round = barrier->round;
  if (++barrier->arrived == barrier->needed) {
    barrier->arrived = 0;
    barrier->round++;
    world_wake(barrier, UINT_MAX);
    return PTHREAD_BARRIER_SERIAL_THREAD;
  }
  struct world_wait wait = { 0 };
  while (barrier->round == round) wait_for_address(&wait, barrier, WORLD_NEVER);
  return 0;
}
