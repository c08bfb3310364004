/*
 * Threads that keep the baton without using it.
 *
 * A thread can wait in ways the schedule does not see: for a plain variable, in a loop, or in the kernel by an instruction
 * of its own; OpenBLAS and OpenMP do both when they are given several threads. With the baton in its hand nobody it waits
 * for ever runs. So a thread that could run and has not been let to for five seconds of real time, in which the one with
 * the baton has made no call to the schedule, runs beside it. The other comes back into the schedule with its next call.
 *
 * From then on what runs when is the machine's doing: the process says so on standard error, and it is one of the things
 * that do not hold (world_lacks). The next such takeover needs a millisecond only. In an audit's free world (threads 2)
 * so does the first, and nothing is said.
 *
 * Each call to the schedule is between thread_enter and thread_exit. `place` is one word, changed by compare and swap,
 * because who takes over does so while the other is running.
 */
#define _GNU_SOURCE
#include "threads.h"
#include "world/world.h"
#include <sys/syscall.h>

enum place { OUTSIDE, INSIDE, BESIDE };
enum { LONG_MS = 250, LONG_ROUNDS = 20, SHORT_NS = 1000000, NS_PER_MS = 1000000 };

static uint32_t entries;        /* calls to the schedule */
static bool broken;

static bool is_free(void) {
  return broken || world.settings.threads == THREADS_FREE;
}

struct timespec watch_interval(void) {
  return is_free() ? (struct timespec){ 0, SHORT_NS } : (struct timespec){ 0, (long)LONG_MS * NS_PER_MS };
}

bool watch_broken(void) {
  return is_free();
}

void watch_forget(void) {
  broken = false;
}

static void say(void) {
  static const char text[] = "sameseed: a thread computed or waited for 5 s without a call that the sealed world sees while "
                             "another could run; from here on threads run as the machine lets them.\n";
  world_lacks(LACK_THREADS);
  world_race_threads();
  world_raw6(SYS_write, 2, (long)text, sizeof text - 1, 0, 0, 0);
}

/* Called by a thread that could run, after each interval. */
bool watch_takes_over(struct thread *holder) {
  static __thread uint32_t seen __attribute__((tls_model("initial-exec")));
  static __thread uint32_t rounds __attribute__((tls_model("initial-exec")));
  uint32_t now = __atomic_load_n(&entries, __ATOMIC_RELAXED);
  rounds = now == seen ? rounds + 1 : 0;
  seen = now;
  if (rounds < (is_free() ? 1 : LONG_ROUNDS)) return false;
  uint32_t outside = OUTSIDE;
  if (!__atomic_compare_exchange_n(&holder->place, &outside, BESIDE, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) return false;
  holder->state = ASTRAY;
  rounds = 0;
  if (!is_free()) say();
  broken = true;
  return true;
}

/* Back into the schedule, when it is this thread's turn. */
static void come_back(struct thread *me) {
  uint64_t signals;
  signals_block(&signals);
  __atomic_store_n(&me->wants, true, __ATOMIC_RELEASE);
  thread_take(me);
  __atomic_store_n(&me->wants, false, __ATOMIC_RELAXED);
  __atomic_store_n(&me->place, INSIDE, __ATOMIC_RELEASE);
  thread_run(me);
  signals_restore(&signals);
}

bool thread_enter(struct thread *me) {
  if (!me || me->inside++ > 0) return false;
  __atomic_store_n(&entries, entries + 1, __ATOMIC_RELAXED);
  uint32_t outside = OUTSIDE;
  if (__atomic_compare_exchange_n(&me->place, &outside, INSIDE, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) return false;
  come_back(me);
  return true;
}

void thread_exit(struct thread *me) {
  if (me && --me->inside == 0) __atomic_store_n(&me->place, OUTSIDE, __ATOMIC_RELEASE);
}
