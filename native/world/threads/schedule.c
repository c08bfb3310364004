/*
 * Threads, one at a time.
 *
 * Exactly one thread of a sealed process runs: the one that holds the baton. It keeps the baton until it has to wait in
 * a call this library stands in front of; then the next thread that can run gets it, in the order in which threads were
 * made, going round. When none can run, descriptors are looked at; when none of them is ready, the logical clock jumps
 * to the earliest deadline. So which thread runs when follows from the program alone, not from the machine, and a sleep
 * takes no time.
 *
 *   Who waits          A thread without the baton sleeps on a futex word of its own, with every signal blocked: signals
 *                      reach the thread that runs, or, when none can, the first thread, which is the one that waits for
 *                      the kernel in everybody's name.
 *   Objects            Mutexes, semaphores and locks stay glibc's: each wrapper tries the real object and, where that
 *                      would wait, waits here for the object's address and tries again. So static initialisers,
 *                      recursion counts, owners and what glibc does with the same objects inside itself stay right,
 *                      and little has to be known of their layout (a kind, a clock, whether processes share them).
 *                      Condition variables and barriers have no "try": they
 *                      are queues here.
 *   Locks inside glibc (streams, the heap, the loader) are never held across a call that gives the baton away, because
 *                      glibc's own calls do not come through this library; so nobody can wait for one without it.
 *   The end            A thread's last act is handing the baton on; whoever gets it first waits until the kernel has
 *                      forgotten that thread, so that its stack, its heap cache and its id are free at the same moment
 *                      in every run.
 *   The table          Only the thread with the baton touches it: no lock is needed.
 *
 *   Time       A loop that reads the clock, sleeps for nothing or yields makes logical time pass, so it ends; whose deadline
 *              has passed runs at such a moment, which is as good as any other and the same in every run. Python's switch
 *              interval is such a deadline.
 *   Children   What other processes do comes when it comes. outside.c and turns.c say what is done about that.
 *
 * What this cannot do: a thread that waits where nobody sees it, for a plain variable or in a call inside libc (a stream's
 * read from a pipe), keeps the baton. watch.c ends that after a while, and says that the order is the machine's then. A
 * thread that only computes keeps it too, as long as it likes: that is meant.
 */
#define _GNU_SOURCE
#include "schedule.h"
#include "threads.h"
#include "world/world.h"
#include <dlfcn.h>
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>

enum { KERNEL_SIGSET = 8, YIELDS_BEFORE_HURRY = 100, TICK_NS = 1000, TICK_MOST_NS = 1000000 };
enum { SIGSETXID = 33 };

static struct thread table[THREADS_MOST] = { { .state = RUNNING } };
static unsigned used = 1;       /* entries ever used; the first is the thread that began the process */
static struct thread *running = &table[0];
static int leaving;             /* the thread that ended last, until the kernel has forgotten it */
static uint64_t orders;
static unsigned yields;         /* in a row */

unsigned world_live = 1;
int64_t world_due_at = WORLD_NEVER;
__thread struct thread *thread_self_ __attribute__((tls_model("initial-exec")));

void *world_real(void **slot, const char *name) {
  if (!*slot) *slot = dlsym(RTLD_NEXT, name);
  return *slot;
}

struct thread *thread_self(void) {
  /* Before the first thread is made there is only one it can be. */
  if (!thread_self_ && used == 1) thread_self_ = &table[0];
  return thread_self_;
}

struct thread *thread_at(unsigned index) {
  return index < used ? &table[index] : NULL;
}

void thread_range(unsigned *last, unsigned *count) {
  *last = (unsigned)(running - table);
  *count = used;
}

struct thread *thread_new(void) {
  for (unsigned i = 1; i < THREADS_MOST; i++)
    if (table[i].state == FREE) {
      table[i] = (struct thread){ .state = RUNNABLE };
      if (i >= used) used = i + 1;
      world_live++;
      return &table[i];
    }
  return NULL;
}

void thread_forget(struct thread *thread) {
  thread->state = FREE;
  world_live--;
}

/* ---- the baton ---- */

static void give(struct thread *to) {
  __atomic_store_n(&to->baton, 1, __ATOMIC_RELEASE);
  world_raw6(SYS_futex, (long)&to->baton, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, 0, 0, 0);
}

/* The kernel forgets a thread a moment after its last instruction of ours. */
static void wait_for_leaving(void) {
  int id = leaving;
  leaving = 0;
  if (id == 0) return;
  long process = world_raw6(SYS_getpid, 0, 0, 0, 0, 0, 0);
  struct timespec moment = { 0, 20000 };
  for (unsigned tries = 0; world_raw6(SYS_tgkill, process, id, 0, 0, 0, 0) == 0; tries++)
    if (tries < 20) world_raw6(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    else world_raw6(SYS_ppoll, 0, 0, (long)&moment, 0, 0, 0);
}

void thread_take(struct thread *me) {
  while (!__atomic_load_n(&me->baton, __ATOMIC_ACQUIRE)) {
    struct timespec time = watch_interval();
    long error = world_raw6(SYS_futex, (long)&me->baton, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, (long)&time, 0, 0);
    bool could = me->state == RUNNABLE || (me->state == ASTRAY && me->wants);
    if (error == -ETIMEDOUT && could && watch_takes_over(__atomic_load_n(&running, __ATOMIC_ACQUIRE))) break;
  }
  me->baton = 0;
  wait_for_leaving();
}

static uint64_t bit(int signal) {
  return 1ull << (signal - 1);
}

/* All but those of the thread's own doing, and the one with which glibc changes the user of all threads. */
void signals_block(uint64_t *before) {
  uint64_t all = ~(bit(SIGSYS) | bit(SIGSEGV) | bit(SIGBUS) | bit(SIGFPE) | bit(SIGILL) | bit(SIGTRAP) | bit(SIGSETXID));
  world_raw6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)before, KERNEL_SIGSET, 0, 0);
}

void signals_restore(const uint64_t *before) {
  world_raw6(SYS_rt_sigprocmask, SIG_SETMASK, (long)before, 0, KERNEL_SIGSET, 0, 0);
}

/* ---- whose wait is over ---- */

void thread_end_wait(struct thread *thread, enum world_outcome outcome) {
  thread->wait->outcome = outcome;
  thread->state = RUNNABLE;
}

static unsigned wake(const void *address, unsigned count) {
  unsigned woken = 0;
  while (woken < count) {
    struct thread *first = NULL;
    for (unsigned i = 0; i < used; i++) {
      struct thread *thread = &table[i];
      if (thread->state != BLOCKED || thread->wait->address != address) continue;
      if (!first || thread->wait->order < first->wait->order) first = thread;
    }
    if (!first) break;
    thread_end_wait(first, WAIT_OVER);
    woken++;
  }
  return woken;
}

unsigned world_wake(const void *address, unsigned count) {
  struct thread *me = thread_self();
  thread_enter(me);
  unsigned woken = wake(address, count);
  thread_exit(me);
  return woken;
}

void thread_interrupt(struct thread *thread) {
  if (thread->state == BLOCKED) thread_end_wait(thread, WAIT_INTERRUPTED);
}

void thread_interrupt_first(void) {
  struct thread *me = thread_self();
  thread_enter(me);
  if (me != &table[0]) thread_interrupt(&table[0]);
  thread_exit(me);
}

void thread_run(struct thread *me) {
  me->state = RUNNING;
  __atomic_store_n(&running, me, __ATOMIC_RELEASE);
}

/* Runs others until it is this thread's turn and its wait is over. The signals are blocked. */
static void run_others(struct thread *me) {
  for (;;) {
    struct thread *next = thread_choose(me);
    if (next != me) {
      give(next);
      thread_take(me);
    }
    if (me->state == RUNNABLE) break;
  }
  thread_run(me);
}

/* A thread that is not in the table only lets the machine pass a moment; its caller asks again. */
static enum world_outcome pass_a_moment(void) {
  struct timespec moment = { 0, 100000 };
  world_raw6(SYS_ppoll, 0, 0, (long)&moment, 0, 0, 0);
  return WAIT_OVER;
}

static bool is_yield(const struct world_wait *wait) {
  return !wait->address && wait->fd_count == 0 && !wait->attempt && wait->deadline <= world_now();
}

enum world_outcome world_block(struct world_wait *wait) {
  struct thread *me = thread_self();
  if (!me) return pass_a_moment();
  if (is_yield(wait)) {
    world_yield();
    return wait->outcome = WAIT_TIMEOUT;
  }
  /* A signal's handler may wait in the middle of a wait. */
  struct world_wait *outer = me->wait;
  enum thread_state before = me->state;
  uint64_t signals;
  if (thread_enter(me) && wait->address) {
    /* It ran beside the schedule and may have missed what it wants to wait for: it looks again. */
    thread_exit(me);
    return wait->outcome = WAIT_OVER;
  }
  signals_block(&signals);
  me->signals = signals;
  if (wait->order == 0) wait->order = ++orders;
  me->wait = wait;
  me->state = BLOCKED;
  yields = 0;
  run_others(me);
  me->wait = outer;
  me->state = before;
  thread_exit(me);
  signals_restore(&signals);
  /* Waits for an address say themselves whether a thread may be cancelled there: one for a mutex may not. */
  if (me->cancelled && !wait->address) pthread_testcancel();
  return wait->outcome;
}

void world_due(void) {
  struct thread *me = thread_self();
  if (!me || me->inside > 0) return;
  thread_enter(me);
  uint64_t signals;
  signals_block(&signals);
  me->signals = signals;
  me->state = RUNNABLE;
  run_others(me);
  thread_exit(me);
  signals_restore(&signals);
}

void world_yield(void) {
  yields++;
  if (!world_yield_patiently(yields)) {
    unsigned hurry = yields > YIELDS_BEFORE_HURRY ? yields - YIELDS_BEFORE_HURRY : 0;
    int64_t tick = hurry > 9 ? TICK_MOST_NS : (int64_t)TICK_NS << hurry;
    world_tick(tick);
  }
  world_due();
}

void world_schedule_settle(void) {
  yields = 0;
  turns_settle();
}

void thread_leave(struct thread *me) {
  signals_block(&me->signals);
  thread_enter(me);
  me->state = FINISHED;
  world_live--;
  wake(me, THREADS_MOST);
  /* The first thread stays in the kernel's books until the process ends. */
  leaving = me == &table[0] ? 0 : me->id;
  if (me->detached) me->state = FREE;
  if (world_live > 0) give(thread_choose(me));
}

void world_schedule_forked(void) {
  struct thread *me = thread_self();
  if (me) me->inside = 0;
  watch_forget();
  if (me && me != &table[0]) {
    table[0] = *me;
    thread_self_ = me = &table[0];
  }
  for (unsigned i = 1; i < used; i++) table[i].state = FREE;
  used = world_live = 1;
  running = &table[0];
  leaving = 0;
  world_due_at = WORLD_NEVER;
  if (!me) return;
  me->id = (int)world_raw6(SYS_gettid, 0, 0, 0, 0, 0, 0);
  me->handle = pthread_self();
}
