/*
 * Whether what descends from this process rests, by what it has told (rest.c), and how long that is waited for.
 *
 *   Pipes      That a pipe is empty can be seen by who holds its other end. One of which this process holds none may have been sent an end,
 *              so who waits for it counts as one that runs.
 *   Orphans    Who has lost a process above it may belong to anybody, so it counts for all that look.
 *   In vain    Programs need not tell what they wait for: they then use no processor, and are waited for a second of real time. One that
 *              sleeps in a loop never rests, as no sleep takes time; beside something that has come it is waited for two seconds of its
 *              work. Then this process says that `children` does not hold, and waits for rest no more.
 */
#define _GNU_SOURCE
#include "rest_table.h"
#include "world/threads/threads.h"
#include <fcntl.h>
#include <linux/futex.h>

/* SOON: steps of a wait before it is measured. */
enum { IDLE_NS = 1000000000, WORKED_NS = 2000000000, SOON = 5, SHORT_STEPS = 50 };

static bool given_up;

/* Whether it is a child of this process, or a child's, or may be. */
static bool is_below(const struct rest_entry *entry, int32_t self) {
  for (unsigned i = 0; i < ENTRIES; i++) {
    int32_t parent = entry->parent;
    if (parent == self) return true;
    entry = parent > 1 ? rest_entry_of(parent) : NULL;
    if (!entry) return parent > 1 && rest_is_gone(parent);
  }
  return true;
}

/* Whether this process holds the end of the pipe that is written to, and nothing is in it. */
static bool is_held_empty(uint64_t pipe) {
  static int last;
  for (int i = -1; i < WORLD_DESCRIPTORS_MOST; i++) {
    int fd = i < 0 ? last : i;
    long flags = rest_pipe(fd) == pipe ? world_raw6(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0) : -1;
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) continue;
    last = fd;
    return world_pipe_holds(fd) == 0;
  }
  return false;
}

/* Whether a child that is waited for is there, and none of those has ended. */
static bool has_living_child(const struct rest_entry *parent) {
  bool found = false;
  for (unsigned i = 0; i < ENTRIES; i++) {
    const struct rest_entry *child = &rest_shared()->entries[i];
    if (child->pid <= 0 || child->parent != parent->pid || (parent->child > 0 && parent->child != child->pid)) continue;
    if (rest_is_gone(child->pid)) continue;
    if (rest_state_of(child) == DEAD) return false;
    found = true;
  }
  return found;
}

static bool waits(const struct rest_entry *entry) {
  uint32_t state = rest_state_of(entry), count = entry->count;
  if (state == RUNS || state == DEAD || count > WAITED_MOST) return false;
  if (state == WAITS_FOR_CHILD && !has_living_child(entry)) return false;
  for (unsigned i = 0; state == WAITS && i < count; i++)
    if (!is_held_empty(entry->pipes[i])) return false;
  /* It may have run meanwhile. */
  return rest_state_of(entry) == state;
}

enum look { NOBODY, RESTS, WORKS, CHANGED };

static enum look look(struct rest_table *table, int32_t self) {
  enum look seen = NOBODY;
  if (table->crowded) return WORKS;
  for (unsigned i = 0; i < ENTRIES; i++) {
    struct rest_entry *entry = &table->entries[i];
    int32_t pid = __atomic_load_n(&entry->pid, __ATOMIC_ACQUIRE);
    if (pid == 0 || pid == self || !is_below(entry, self)) continue;
    if (pid == UNBORN) return WORKS;
    if (rest_is_gone(pid)) {
      __atomic_compare_exchange_n(&entry->pid, &pid, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
      return CHANGED;
    }
    /* Asked of the kernel, as an orphan may be this process's by now. */
    if (rest_has_died(pid)) rest_tell_dead(entry);
    else if (rest_state_of(entry) != DEAD && !waits(entry)) return WORKS;
    seen = RESTS;
  }
  return seen;
}

bool rest_reached(void) {
  struct rest_table *table = rest_shared();
  int32_t self = table ? rest_number_of(SYS_getpid) : 0;
  /* Who waited for a child that is gone may have been looked at before it was: looked at again. */
  for (unsigned looks = 0; table && looks < ENTRIES; looks++) {
    enum look seen = look(table, self);
    if (seen != CHANGED) return seen == RESTS || (seen == NOBODY && !world_has_child());
  }
  return false;
}

/* ---- in vain ---- */

bool rest_given_up(void) { return given_up; }

void rest_give_up(void) {
  given_up = true;
  world_race_lost();
}

static struct { int64_t idle, worked; unsigned steps; } waited;

void rest_wait_begins(void) {
  waited.idle = waited.worked = 0, waited.steps = 0;
}

/* Longer steps after some: who looks must not seem to work to others that look. */
long rest_step_ns(void) { return waited.steps < SHORT_STEPS ? REST_STEP_NS : REST_LATER_NS; }

bool rest_waited_in_vain(int64_t ns, bool has_something) {
  if (++waited.steps < SOON) return false;
  if (waited.steps == SOON) world_work_begin(IDLE_NS);
  int64_t passed = world_work_passed(ns, IDLE_NS);
  /* In a row: on a busy machine who could run uses no processor for a while. */
  waited.idle = world_others_work() ? 0 : waited.idle + passed;
  if (waited.idle == 0 && has_something) waited.worked += passed;
  if (waited.idle < IDLE_NS && waited.worked < WORKED_NS) return false;
  rest_give_up();
  return true;
}

uint32_t rest_word(void) { return __atomic_load_n(&rest_shared()->word, __ATOMIC_ACQUIRE); }

long rest_sleep(uint32_t word) {
  struct timespec step = { 0, rest_step_ns() };
  __atomic_fetch_add(&rest_shared()->sleepers, 1, __ATOMIC_ACQ_REL);
  long error = world_raw6(SYS_futex, (long)&rest_shared()->word, FUTEX_WAIT, word, (long)&step, 0, 0);
  __atomic_fetch_sub(&rest_shared()->sleepers, 1, __ATOMIC_ACQ_REL);
  return error;
}
