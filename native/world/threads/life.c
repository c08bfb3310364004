/*
 * The birth and the end of a thread, as the schedule sees them.
 *
 * A new thread is in the table before it exists, and its first act is waiting for the baton. Its last is a destructor of
 * thread-specific data in the last of the rounds that glibc makes: everything the program runs at a thread's end, the
 * destructors of C++ included, has run by then.
 */
#define _GNU_SOURCE
#include "threads.h"
#include "world/world.h"
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_key_t end_key;

extern __thread struct thread *thread_self_ __attribute__((tls_model("initial-exec")));

static void at_end(void *argument) {
  struct thread *me = thread_self();
  (void)argument;
  if (++me->endings < PTHREAD_DESTRUCTOR_ITERATIONS) {
    pthread_setspecific(end_key, me);
    return;
  }
  thread_leave(me);
}

/* At the first thread that is made: until then nothing of this is needed, and libc may not be ready. */
static void begin_threads(void) {
  struct thread *first = thread_self();
  first->id = (int)world_raw6(SYS_gettid, 0, 0, 0, 0, 0, 0);
  first->handle = pthread_self();
  pthread_key_create(&end_key, at_end);
  pthread_setspecific(end_key, first);
  /* One heap: which of several a thread gets depends on when others end. */
  mallopt(M_ARENA_MAX, 1);
}

static void *begin(void *argument) {
  struct thread *me = argument;
  thread_self_ = me;
  me->id = (int)world_raw6(SYS_gettid, 0, 0, 0, 0, 0, 0);
  thread_take(me);
  thread_run(me);
  pthread_setspecific(end_key, me);
  signals_restore(&me->signals);
  return me->start(me->argument);
}

/*
 * Until its turn comes a thread has all signals blocked, also one whose attributes ask for others: those are for later. The
 * attributes have them again when it is made.
 */
static int make(struct thread *thread, pthread_t *handle, const pthread_attr_t *attributes) {
  sigset_t asked, all;
  if (!attributes || pthread_attr_getsigmask_np(attributes, &asked) != 0)
    return REAL(pthread_create)(handle, attributes, begin, thread);
  sigfillset(&all);
  memcpy(&thread->signals, &asked, sizeof thread->signals);
  int error = pthread_attr_setsigmask_np((pthread_attr_t *)attributes, &all);
  if (error) return error;
  error = REAL(pthread_create)(handle, attributes, begin, thread);
  pthread_attr_setsigmask_np((pthread_attr_t *)attributes, &asked);
  return error;
}

static int create(struct thread *thread, pthread_t *handle, const pthread_attr_t *attributes, void *(*start)(void *),
                  void *argument) {
  int detached = PTHREAD_CREATE_JOINABLE;
  if (attributes) pthread_attr_getdetachstate(attributes, &detached);
  thread->detached = detached == PTHREAD_CREATE_DETACHED;
  thread->start = start;
  thread->argument = argument;
  signals_block(&thread->signals);
  uint64_t signals = thread->signals;
  int error = make(thread, handle, attributes);
  if (error) thread_forget(thread);
  else thread->handle = *handle;
  signals_restore(&signals);
  return error;
}

WORLD_EXPORT int pthread_create(pthread_t *handle, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
  static bool begun;
  world_count(LEDGER_THREAD, 1);
  if (!begun) begin_threads();
  begun = true;
  struct thread *me = thread_self();
  if (!me) return REAL(pthread_create)(handle, attributes, start, argument);
  thread_enter(me);
  struct thread *thread = thread_new();
  int error = thread ? create(thread, handle, attributes, start, argument) : EAGAIN;
  thread_exit(me);
  return error;
}

static struct thread *find(pthread_t handle) {
  struct thread *thread;
  for (unsigned i = 0; (thread = thread_at(i)); i++)
    if (thread->state != FREE && !thread->detached && pthread_equal(thread->handle, handle)) return thread;
  return NULL;
}

/* Waits until it has ended; 0 or ETIMEDOUT. */
static int until_finished(struct thread *thread, struct thread *me, int64_t deadline) {
  while (thread->state != FINISHED) {
    struct world_wait wait = { 0 };
    if (wait_for_address(&wait, thread, deadline) == ETIMEDOUT) return ETIMEDOUT;
    if (me->cancelled) pthread_testcancel();
  }
  thread_enter(me);
  thread->state = FREE;
  thread_exit(me);
  return 0;
}

static int join_until(pthread_t handle, void **result, int64_t deadline) {
  struct thread *thread = find(handle), *me = thread_self();
  if (thread && me && thread != me && until_finished(thread, me, deadline) == ETIMEDOUT) return ETIMEDOUT;
  return REAL(pthread_join)(handle, result);
}

WORLD_EXPORT int pthread_join(pthread_t handle, void **result) {
  return join_until(handle, result, WORLD_NEVER);
}

WORLD_EXPORT int pthread_tryjoin_np(pthread_t handle, void **result) {
  struct thread *thread = find(handle);
  if (thread && thread->state != FINISHED) return EBUSY;
  return join_until(handle, result, WORLD_NEVER);
}

WORLD_EXPORT int pthread_clockjoin_np(pthread_t handle, void **result, clockid_t clock, const struct timespec *time) {
  int64_t deadline = time ? deadline_on(clock, time) : WORLD_NEVER;
  return deadline < 0 ? EINVAL : join_until(handle, result, deadline);
}

WORLD_EXPORT int pthread_timedjoin_np(pthread_t handle, void **result, const struct timespec *time) {
  return pthread_clockjoin_np(handle, result, CLOCK_REALTIME, time);
}

WORLD_EXPORT int pthread_detach(pthread_t handle) {
  struct thread *me = thread_self();
  thread_enter(me);
  struct thread *thread = find(handle);
  if (thread) {
    thread->detached = true;
    if (thread->state == FINISHED) thread->state = FREE;
  }
  thread_exit(me);
  return REAL(pthread_detach)(handle);
}

/*
 * The target may be waiting here, where no signal reaches it. It is named by the kernel's number: libc's own for the first
 * thread is another process's in a sandbox, which was not made by libc's fork.
 */
WORLD_EXPORT int pthread_kill(pthread_t handle, int signal) {
  struct thread *me = thread_self();
  thread_enter(me);
  struct thread *thread = find(handle);
  long error = 0;
  if (thread && thread->state != FINISHED && thread->id != 0) {
    error = world_raw6(SYS_tgkill, world_raw6(SYS_getpid, 0, 0, 0, 0, 0, 0), thread->id, signal, 0, 0, 0);
    if (error == 0 && signal != 0) thread_interrupt(thread);
  } else if (!thread || thread->state != FINISHED) {
    error = -REAL(pthread_kill)(handle, signal);
  }
  thread_exit(me);
  return (int)-error;
}

WORLD_EXPORT int pthread_cancel(pthread_t handle) {
  struct thread *me = thread_self();
  thread_enter(me);
  struct thread *thread = find(handle);
  int error = REAL(pthread_cancel)(handle);
  if (error == 0 && thread) {
    thread->cancelled = true;
    thread_interrupt(thread);
  }
  thread_exit(me);
  return error;
}

/* glibc's word for it: bit 0 while the function runs, bit 1 when it has. */
WORLD_EXPORT int pthread_once(pthread_once_t *control, void (*function)(void)) {
  if (world_alone() || (*control & 2)) return REAL(pthread_once)(control, function);
  while (*control & 1) {
    struct world_wait wait = { 0 };
    wait_for_address(&wait, control, WORLD_NEVER);
  }
  int error = REAL(pthread_once)(control, function);
  world_wake(control, UINT_MAX);
  return error;
}

WORLD_EXPORT int sched_yield(void) {
  if (world_alone()) return REAL(sched_yield)();
  world_yield();
  return 0;
}
