/*
 * Mutexes, read-write locks and spin locks: try the real one, and wait in the schedule where that would wait.
 */
#define _GNU_SOURCE
#include "threads.h"
#include "world/world.h"
#include <errno.h>
#include <limits.h>

enum { KIND_MASK = 3, KIND_SHARED = 128 };
#define LIFETIME_S (100ll * 366 * 86400)

int wait_for_address(struct world_wait *wait, const void *address, int64_t deadline) {
  wait->address = address;
  wait->deadline = deadline;
  switch (world_block(wait)) {
    case WAIT_TIMEOUT: return ETIMEDOUT;
    case WAIT_INTERRUPTED: return EINTR;
    default: return 0;
  }
}

int64_t deadline_on(clockid_t clock, const struct timespec *time) {
  if (time->tv_nsec < 0 || time->tv_nsec >= WORLD_SECOND || !world_clock_known(clock)) return -1;
  int64_t base = world_clock_base(clock);
  /* What is more than a lifetime away is how programs spell "no limit". */
  if (time->tv_sec > LIFETIME_S) return WORLD_NEVER;
  int64_t at = time->tv_sec * WORLD_SECOND + time->tv_nsec - base;
  return at < 0 ? 0 : at;
}

/* ---- mutexes ---- */

static bool own_checked(const pthread_mutex_t *mutex) {
  struct thread *me = thread_self();
  return me && (mutex->__data.__kind & KIND_MASK) == PTHREAD_MUTEX_ERRORCHECK && mutex->__data.__owner == me->id;
}

/* Tried by whoever looks, so it must not take the mutex in another's name. */
static bool mutex_looks_free(void *argument) {
  return ((pthread_mutex_t *)argument)->__data.__lock == 0;
}

int mutex_lock_until(pthread_mutex_t *mutex, int64_t deadline) {
  int error = REAL(pthread_mutex_trylock)(mutex);
  if (error != EBUSY) return error;
  if (own_checked(mutex)) return EDEADLK;
  struct world_wait wait = { 0 };
  if (mutex->__data.__kind & KIND_SHARED) wait.attempt = mutex_looks_free, wait.argument = mutex;
  for (;;) {
    if (wait_for_address(&wait, mutex, deadline) == ETIMEDOUT) return ETIMEDOUT;
    error = REAL(pthread_mutex_trylock)(mutex);
    if (error != EBUSY) return error;
  }
}

WORLD_EXPORT int pthread_mutex_lock(pthread_mutex_t *mutex) {
  if (world_alone()) return REAL(pthread_mutex_lock)(mutex);
  return mutex_lock_until(mutex, WORLD_NEVER);
}

WORLD_EXPORT int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock, const struct timespec *time) {
  int64_t deadline = deadline_on(clock, time);
  int error = REAL(pthread_mutex_trylock)(mutex);
  if (error != EBUSY) return error;
  return deadline < 0 ? EINVAL : mutex_lock_until(mutex, deadline);
}

WORLD_EXPORT int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *time) {
  return pthread_mutex_clocklock(mutex, CLOCK_REALTIME, time);
}

WORLD_EXPORT int pthread_mutex_unlock(pthread_mutex_t *mutex) {
  int error = REAL(pthread_mutex_unlock)(mutex);
  if (error == 0 && !world_alone()) world_wake(mutex, 1);
  return error;
}

/* ---- read-write locks ---- */

typedef int lock_try(pthread_rwlock_t *);

static int rwlock_until(pthread_rwlock_t *lock, lock_try *try, int64_t deadline) {
  struct world_wait wait = { 0 };
  for (;;) {
    int error = try(lock);
    if (error != EBUSY) return error;
    if (deadline < 0) return EINVAL;
    if (wait_for_address(&wait, lock, deadline) == ETIMEDOUT) return ETIMEDOUT;
  }
}

WORLD_EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t *lock) {
  if (world_alone()) return REAL(pthread_rwlock_rdlock)(lock);
  return rwlock_until(lock, REAL(pthread_rwlock_tryrdlock), WORLD_NEVER);
}

WORLD_EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t *lock) {
  if (world_alone()) return REAL(pthread_rwlock_wrlock)(lock);
  return rwlock_until(lock, REAL(pthread_rwlock_trywrlock), WORLD_NEVER);
}

WORLD_EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t *lock, clockid_t clock, const struct timespec *time) {
  return rwlock_until(lock, REAL(pthread_rwlock_tryrdlock), deadline_on(clock, time));
}

WORLD_EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t *lock, clockid_t clock, const struct timespec *time) {
  return rwlock_until(lock, REAL(pthread_rwlock_trywrlock), deadline_on(clock, time));
}

WORLD_EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *time) {
  return pthread_rwlock_clockrdlock(lock, CLOCK_REALTIME, time);
}

WORLD_EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *time) {
  return pthread_rwlock_clockwrlock(lock, CLOCK_REALTIME, time);
}

WORLD_EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *lock) {
  int error = REAL(pthread_rwlock_unlock)(lock);
  if (error == 0 && !world_alone()) world_wake(lock, UINT_MAX);
  return error;
}

/* ---- spin locks ---- */

WORLD_EXPORT int pthread_spin_lock(pthread_spinlock_t *lock) {
  if (world_alone()) return REAL(pthread_spin_lock)(lock);
  struct world_wait wait = { 0 };
  for (;;) {
    int error = REAL(pthread_spin_trylock)(lock);
    if (error != EBUSY) return error;
    wait_for_address(&wait, (const void *)lock, WORLD_NEVER);
  }
}

WORLD_EXPORT int pthread_spin_unlock(pthread_spinlock_t *lock) {
  int error = REAL(pthread_spin_unlock)(lock);
  if (!world_alone()) world_wake((const void *)lock, 1);
  return error;
}
