/*
 * Whose turn it is: the part of the schedule that decides. schedule.c says what it decides.
 */
#define _GNU_SOURCE
#include "threads.h"
#include "world/process/rest.h"
#include "world/world.h"
#include <signal.h>
#include <sys/syscall.h>

enum { POLLED_MOST = 256, LOOK_EVERY = 64, LOOK_OUTSIDE_EVERY = 64, KERNEL_SIGSET = 8 };
enum { PAUSE_FIRST_NS = 50000, PAUSE_MOST_NS = 2000000 };

static unsigned unlooked, looks; /* turns since descriptors were last looked at; such looks since the last idle one */

static const struct thread nobody; /* as a first: no wait for children is looked at */

static bool in_order(const struct thread *thread, const struct thread *first) {
  return !first || thread == first || !world_waits_outside(thread->wait);
}

static bool look_at(const struct thread *thread) {
  const struct world_wait *wait = thread->wait;
  struct timespec none = { 0, 0 };
  if (wait->fd_count > 0 && world_raw6(SYS_ppoll, (long)wait->fds, wait->fd_count, (long)&none, 0, 0, 0) > 0) return true;
  return wait->attempt && wait->attempt(wait->argument);
}

/*
 * Looks at every descriptor and every other process somebody waits for. Returns whether that ended a wait. With a `first`,
 * other waits for children are left alone: their turn comes after it.
 */
static bool look(const struct thread *first) {
  struct thread *thread;
  bool found = false;
  unlooked = 0;
  for (unsigned i = 0; (thread = thread_at(i)); i++)
    if (thread->state == BLOCKED && in_order(thread, first) && look_at(thread)) {
      thread_end_wait(thread, WAIT_OVER);
      found = true;
    }
  return found;
}

static int64_t earliest(void) {
  int64_t first = world_next_timer();
  struct thread *thread;
  for (unsigned i = 0; (thread = thread_at(i)); i++)
    if (thread->state == BLOCKED && thread->wait->deadline < first) first = thread->wait->deadline;
  return first;
}

/* Ends the waits whose time has come. A descriptor that is ready by then was ready in time. */
static void expire(void) {
  int64_t now = world_now();
  struct thread *thread;
  if (world_next_timer() <= now) world_fire_timers();
  for (unsigned i = 0; (thread = thread_at(i)); i++)
    if (thread->state == BLOCKED && thread->wait->deadline <= now)
      thread_end_wait(thread, look_at(thread) ? WAIT_OVER : WAIT_TIMEOUT);
  world_due_at = earliest();
}

void turns_settle(void) {
  unlooked = looks = 0;
}

/* Going round from the thread that ran last; in the audit's other order, the other way round. */
static struct thread *next_runnable(void) {
  unsigned from, count;
  thread_range(&from, &count);
  bool backwards = world.settings.threads == THREADS_TURNED;
  for (unsigned i = 1; i <= count; i++) {
    struct thread *thread = thread_at((backwards ? from + count - i : from + i) % count);
    if (thread->state == RUNNABLE || (thread->state == ASTRAY && __atomic_load_n(&thread->wants, __ATOMIC_ACQUIRE)))
      return thread;
  }
  return NULL;
}

/*
 * Several threads wait for children: which child is ready first is the machine's doing, so the threads have their turns
 * in their own order. Returns the one to wait for, NULL where there are not two such threads.
 */
static const struct thread *first_of_several(void) {
  const struct thread *first = NULL;
  unsigned several = 0;
  struct thread *thread;
  for (unsigned i = 0; (thread = thread_at(i)); i++)
    if (thread->state == BLOCKED && world_waits_outside(thread->wait) && several++ == 0) first = thread;
  return several > 1 ? first : NULL;
}

/* Everything somebody waits for, in one list. Returns how many; `stepwise`: some of it cannot be in a list. */
static unsigned gather(const struct thread *first, struct pollfd *fds, bool *stepwise) {
  unsigned count = 0;
  struct thread *thread;
  for (unsigned i = 0; (thread = thread_at(i)); i++) {
    if (thread->state != BLOCKED || !in_order(thread, first)) continue;
    const struct world_wait *wait = thread->wait;
    if (wait->attempt || count + wait->fd_count > POLLED_MOST) *stepwise = true;
    if (count + wait->fd_count > POLLED_MOST) continue;
    for (unsigned k = 0; k < wait->fd_count; k++) fds[count++] = wait->fds[k];
  }
  return count;
}

/*
 * Really waits for what others wait for, with the signals of `me` open: for a signal, a descriptor or, where `patience`
 * is not WORLD_NEVER or something has to be asked for again and again, a short moment. Returns what counts of it.
 */
static int64_t wait_for_kernel(struct thread *me, const struct thread *first, int64_t patience, unsigned round) {
  struct pollfd fds[POLLED_MOST];
  bool stepwise = patience != WORLD_NEVER || watch_broken();
  unsigned count = gather(first, fds, &stepwise);
  int64_t pause = (int64_t)PAUSE_FIRST_NS << (round < 6 ? round : 6);
  if (pause > PAUSE_MOST_NS) pause = PAUSE_MOST_NS;
  if (pause > patience) pause = patience;
  struct timespec time = { 0, pause };
  if (rest_watches && !stepwise) rest_waits(fds, count);
  long got = world_raw6(SYS_ppoll, (long)fds, count, stepwise ? (long)&time : 0, (long)&me->signals, KERNEL_SIGSET, 0);
  if (rest_watches) rest_runs();
  if (got == -EINTR) thread_interrupt(me);
  int64_t passed = got == 0 && patience != WORLD_NEVER ? world_work_passed(pause, patience) : 0;
  world_patience_spend(passed);
  return passed;
}

/* Somebody waits for another process over a socket: the time until a deadline is real then. */
static bool awaits_network(void) {
  struct thread *thread;
  for (unsigned i = 0; (thread = thread_at(i)); i++)
    if (thread->state == BLOCKED && world_watches_network(thread->wait)) return true;
  return false;
}

/* The next deadline is that of somebody who waits for a descriptor: an answer may come in time. */
static bool awaits_answer(void) {
  struct thread *thread;
  for (unsigned i = 0; (thread = thread_at(i)); i++)
    if (thread->state == BLOCKED && thread->wait->fd_count > 0 && thread->wait->deadline <= world_due_at) return true;
  return false;
}

enum hope { UNKNOWN, HOPELESS, FROM_WORK, FROM_NETWORK };

/* From whom somebody may hear before the next deadline, also where the patience that there is for children is gone. */
static enum hope hope_from(void) {
  if (awaits_network()) return FROM_NETWORK;
  return awaits_answer() && world_child_lives() ? FROM_WORK : HOPELESS;
}

/* Signals are the first thread's, so it is the one to wait for the kernel, unless it has ended. */
static struct thread *watchman(struct thread *me) {
  struct thread *first = thread_at(0);
  return first->state == BLOCKED ? first : me;
}

/* As long as an answer may come before the deadline, which is `left` away; else as long as it is. */
static int64_t longer_for_answer(int64_t patience, int64_t left, enum hope *hope, unsigned round) {
  bool begins = *hope == UNKNOWN;
  if (begins || round % LOOK_EVERY == 0) *hope = hope_from();
  if (begins && (patience > 0 || *hope != HOPELESS)) world_work_begin(left);
  if (left <= 0 || *hope == HOPELESS) return patience;
  return *hope == FROM_NETWORK || world_others_work() ? left : patience;
}

struct thread *thread_choose(struct thread *me) {
  bool patient = false;
  enum hope hope = UNKNOWN;
  int64_t idled = 0;
  for (unsigned round = 0;; round++) {
    expire();
    if (++unlooked >= LOOK_EVERY) look(++looks % LOOK_OUTSIDE_EVERY ? &nobody : NULL);
    struct thread *next = next_runnable();
    if (next) return next;
    const struct thread *first = world_patience_left() > 0 && world_has_child() ? first_of_several() : NULL;
    if (look(first)) {
      if (patient) world_patience_refill();
      continue;
    }
    bool timed = world_due_at != WORLD_NEVER;
    int64_t patience = WORLD_NEVER;
    if (first || timed) patience = world_patience(first != NULL);
    if (timed) patience = longer_for_answer(patience, world_due_at - world_now() - idled, &hope, round);
    if (timed && patience == 0) {
      /* The child has ended, or it has had all the time there is. What it did last may have come after the look. */
      bool found = world.births > 0 && look(first);
      if (patient && (found || world_patience_left() > 0)) world_patience_refill();
      if (!found) world_advance(world_due_at);
      idled = 0;
      hope = UNKNOWN;
      continue;
    }
    if (watchman(me) != me) return watchman(me);
    if (patience != WORLD_NEVER) patient = true;
    idled += wait_for_kernel(me, first, patience, round);
  }
}
