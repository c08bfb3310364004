/*
 * Semaphores. The count stays glibc's; a wait for one that other processes can post is tried again and again while
 * nothing else can run.
 */
#define _GNU_SOURCE
#include "threads.h"
#include "world/world.h"
#include <errno.h>
#include <semaphore.h>

/* The second half of glibc's object: not zero for one that processes share. */
static bool sem_shared(sem_t *sem) {
  return ((const int *)(const void *)sem)[2] != 0;
}

static bool sem_looks_free(void *argument) {
  int value = 0;
  return REAL(sem_getvalue)(argument, &value) == 0 && value > 0;
}

static int fail(int error) {
  errno = error;
  return -1;
}

static int sem_wait_until(sem_t *sem, int64_t deadline) {
  struct thread *me = thread_self();
  struct world_wait wait = { 0 };
  if (sem_shared(sem)) wait.attempt = sem_looks_free, wait.argument = sem;
  for (;;) {
    if (REAL(sem_trywait)(sem) == 0) return 0;
    if (errno != EAGAIN) return -1;
    if (deadline < 0) return fail(EINVAL);
    int ended = wait_for_address(&wait, sem, deadline);
    if (me && me->cancelled) pthread_testcancel();
    if (ended && REAL(sem_trywait)(sem) < 0) return fail(ended);
    if (ended) return 0;
  }
}

WORLD_EXPORT int sem_trywait(sem_t *sem) {
  world_lock_taken();
  if (sem_shared(sem)) world_early_ask();
  return REAL(sem_trywait)(sem);
}

WORLD_EXPORT int sem_getvalue(sem_t *sem, int *value) {
  if (sem_shared(sem)) world_early_ask();
  return REAL(sem_getvalue)(sem, value);
}

WORLD_EXPORT int sem_wait(sem_t *sem) {
  world_lock_taken();
  return sem_wait_until(sem, WORLD_NEVER);
}

WORLD_EXPORT int sem_clockwait(sem_t *sem, clockid_t clock, const struct timespec *time) {
  world_lock_taken();
  world_count(LEDGER_WAIT, 1);
  return sem_wait_until(sem, deadline_on(clock, time));
}

WORLD_EXPORT int sem_timedwait(sem_t *sem, const struct timespec *time) {
  return sem_clockwait(sem, CLOCK_REALTIME, time);
}

WORLD_EXPORT int sem_post(sem_t *sem) {
  int error = REAL(sem_post)(sem);
  if (error == 0 && !world_alone()) world_wake(sem, 1);
  return error;
}
