/*
 * Which descriptors are one open file cannot be asked, so it is remembered: a descriptor gets a number with its first lock, and its
 * copies have the same. What was copied before the first lock counts as an open file of its own.
 *
 * Threads may run beside each other (the host's world), so one at a time changes this.
 */
#include "numbers.h"
#include "kernel.h"
#include <signal.h>
#include <stdbool.h>
#include <sys/syscall.h>

enum { KERNEL_SIGSET = 8 };

static struct { int fd; uint64_t number; } open_files[NUMBERS_MOST];
static unsigned open_file_count;
static uint32_t given;          /* by this process */
static uint32_t guard;          /* the process of whose threads one is at it */

static uint32_t own_pid(void) { return (uint32_t)kernel_call(SYS_getpid, 0, 0, 0, 0, 0, 0); }

/* No signal's handler comes between: it may close a descriptor. */
static uint64_t enter(void) {
  uint64_t all = ~0ull, before = 0;
  uint32_t own = own_pid();
  kernel_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, KERNEL_SIGSET, 0, 0);
  for (;;) {
    uint32_t holder = __atomic_load_n(&guard, __ATOMIC_RELAXED);
    /* A child may have the guard of a thread of its parent's, which does not run in it. */
    if (holder != own && __atomic_compare_exchange_n(&guard, &holder, own, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) break;
    kernel_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
  }
  return before;
}

static void leave(uint64_t before) {
  __atomic_store_n(&guard, 0, __ATOMIC_RELEASE);
  kernel_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, KERNEL_SIGSET, 0, 0);
}

static uint64_t number_of(int fd) {
  for (unsigned i = 0; i < open_file_count; i++)
    if (open_files[i].fd == fd) return open_files[i].number;
  return 0;
}

static bool note(int fd, uint64_t number) {
  if (open_file_count == NUMBERS_MOST) return false;
  open_files[open_file_count].fd = fd;
  open_files[open_file_count++].number = number;
  return true;
}

/* The pid makes it larger than every process id, so that the two never meet as owners. */
uint64_t numbers_for(int fd) {
  uint64_t before = enter(), number = number_of(fd);
  if (!number) {
    number = (uint64_t)own_pid() << 32 | ++given;
    if (!note(fd, number)) number = 0;
  }
  leave(before);
  return number;
}

static bool is_left(uint64_t number) {
  for (unsigned i = 0; i < open_file_count; i++)
    if (open_files[i].number == number) return true;
  return false;
}

/* Whether any descriptor has a number, without waiting: who asks about one that has is counted himself. */
static bool has_any(void) { return __atomic_load_n(&open_file_count, __ATOMIC_RELAXED) > 0; }

unsigned numbers_forget(unsigned first, unsigned last, uint64_t gone[NUMBERS_MOST]) {
  if (!has_any()) return 0;
  uint64_t before = enter();
  unsigned count = 0;
  for (unsigned i = open_file_count; i-- > 0;) {
    if ((unsigned)open_files[i].fd < first || (unsigned)open_files[i].fd > last) continue;
    uint64_t number = open_files[i].number;
    open_files[i] = open_files[--open_file_count];
    if (!is_left(number)) gone[count++] = number;
  }
  leave(before);
  return count;
}

void numbers_copied(int from, int to) {
  if (!has_any()) return;
  uint64_t before = enter(), number = number_of(from);
  if (number) note(to, number);
  leave(before);
}

void numbers_forked(void) { given = 0; }
