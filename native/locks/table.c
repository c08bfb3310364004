/*
 * The locks of a sandbox, in memory that its processes share.
 *
 * The kernel's own locks are on the file itself, and most files of a sandbox are the image's, which every other sandbox has
 * open too: a lock would be a signal between strangers. So the wall refuses them (src/sandbox/seccomp/policy.ts), on every
 * file, because a filter cannot see which it is. This table takes their place among the processes of one sandbox. It
 * is a file in the sandbox's own /dev/shm. A program that scribbles on it spoils its own locks, and reaches nobody else.
 *
 * A process that has ended holds nothing: whoever is kept waiting by it finds that it is gone, or a zombie among its own
 * children. Somebody else's zombie keeps its locks until its parent asks for it.
 */
#define _GNU_SOURCE
#include "table.h"
#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { LOCKS_MOST = 1024, TABLE_BYTES = 64 << 10, SPINS = 200, KERNEL_SIGSET = 8 };

struct table {
  uint32_t guard;               /* the process that is changing the table */
  uint32_t count;
  struct lock locks[LOCKS_MOST];
};
_Static_assert(sizeof(struct table) <= TABLE_BYTES, "the table fits its file");

static struct table *table;

bool table_is_mapped(void) { return table != NULL; }

static bool map(void) {
  if (table) return true;
  long fd = kernel_call(SYS_openat, AT_FDCWD, (long)"/dev/shm/.sameseed-locks",
                        O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600, 0, 0);
  if (fd < 0) return false;
  long at = kernel_call(SYS_ftruncate, fd, TABLE_BYTES, 0, 0, 0, 0);
  /* By libc, which in a sealed program has places for what is shared (native/world/process/large.c). */
  int error = errno;
  void *mapped = at == 0 ? mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0) : MAP_FAILED;
  errno = error;
  kernel_call(SYS_close, fd, 0, 0, 0, 0, 0);
  if (mapped == MAP_FAILED) return false;
  table = mapped;
  return true;
}

static uint32_t own_pid(void) { return (uint32_t)kernel_call(SYS_getpid, 0, 0, 0, 0, 0, 0); }

static bool is_gone(uint32_t pid) {
  siginfo_t found = { 0 };
  if (kernel_call(SYS_kill, pid, 0, 0, 0, 0, 0) == -ESRCH) return true;
  long error = kernel_call(SYS_waitid, P_PID, pid, (long)&found, WEXITED | WNOHANG | WNOWAIT, 0, 0);
  return error == 0 && found.si_pid == (pid_t)pid;
}

/* ---- one at a time ---- */

static uint64_t enter(void) {
  uint64_t all = ~0ull, before = 0;
  uint32_t own = own_pid();
  kernel_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before, KERNEL_SIGSET, 0, 0);
  for (unsigned spins = 0;; spins++) {
    uint32_t holder = 0;
    if (__atomic_compare_exchange_n(&table->guard, &holder, own, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) break;
    if (spins % SPINS == SPINS - 1 && is_gone(holder) &&
        __atomic_compare_exchange_n(&table->guard, &holder, own, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) break;
    kernel_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
  }
  if (table->count > LOCKS_MOST) table->count = LOCKS_MOST;
  return before;
}

static void leave(uint64_t before) {
  __atomic_store_n(&table->guard, 0, __ATOMIC_RELEASE);
  kernel_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, KERNEL_SIGSET, 0, 0);
}

/* ---- inside ---- */

static void drop(uint32_t at) { table->locks[at] = table->locks[--table->count]; }

static bool on_one_file(const struct lock *a, const struct lock *b) {
  return a->inode == b->inode && a->device == b->device;
}

static bool meet(const struct lock *a, const struct lock *b) {
  return on_one_file(a, b) && a->kind == b->kind && a->first <= b->last && b->first <= a->last;
}

static bool in_the_way(const struct lock *wanted, struct lock *other) {
  for (uint32_t i = table->count; i-- > 0;) {
    const struct lock *held = &table->locks[i];
    if (held->owner == wanted->owner || !meet(held, wanted)) continue;
    if (held->type != LOCK_EXCLUSIVE && wanted->type != LOCK_EXCLUSIVE) continue;
    if (is_gone(held->pid)) {
      drop(i);
      continue;
    }
    if (other) *other = *held;
    return true;
  }
  return false;
}

/* Takes the range out of what its owner holds: what lies before and behind it stays. */
static void carve(const struct lock *range) {
  for (uint32_t i = table->count; i-- > 0;) {
    struct lock held = table->locks[i];
    if (held.owner != range->owner || !meet(&held, range)) continue;
    drop(i);
    struct lock before = held, behind = held;
    before.last = range->first - 1;
    behind.first = range->last + 1;
    if (held.first < range->first) table->locks[table->count++] = before;
    if (held.last > range->last) table->locks[table->count++] = behind;
  }
}

/* Neighbours of one type become one, so that a file locked byte by byte takes one place. */
static void add(struct lock lock) {
  for (uint32_t i = table->count; i-- > 0;) {
    const struct lock *held = &table->locks[i];
    if (held->owner != lock.owner || held->type != lock.type || held->kind != lock.kind || !on_one_file(held, &lock)) continue;
    if (held->last == lock.first - 1) lock.first = held->first;
    else if (lock.last != INT64_MAX && held->first == lock.last + 1) lock.last = held->last;
    else continue;
    drop(i);
  }
  table->locks[table->count++] = lock;
}

static long take(const struct lock *wanted, struct lock *other) {
  /* A lock on a whole file is given up before another kind of it is asked for, as the kernel does. */
  if (wanted->kind == LOCK_OF_FILE) carve(wanted);
  if (wanted->type != LOCK_NONE && in_the_way(wanted, other)) return -EAGAIN;
  /* Room for the two ends of a range that is cut in two, and for the new one. */
  if (table->count + 2 > LOCKS_MOST) return -ENOLCK;
  carve(wanted);
  if (wanted->type != LOCK_NONE) add(*wanted);
  return 0;
}

long table_take(const struct lock *wanted, struct lock *other) {
  if (!map()) return -ENOLCK;
  uint64_t before = enter();
  long error = take(wanted, other);
  leave(before);
  return error;
}

bool table_conflict(const struct lock *wanted, struct lock *other) {
  if (!map()) return false;
  uint64_t before = enter();
  bool found = in_the_way(wanted, other);
  leave(before);
  return found;
}

void table_release(uint64_t owner, const struct lock *file) {
  if (!table) return;
  uint64_t before = enter();
  for (uint32_t i = table->count; i-- > 0;)
    if (table->locks[i].owner == owner && (!file || on_one_file(&table->locks[i], file))) drop(i);
  leave(before);
}

void table_release_process(uint32_t pid) {
  if (!table) return;
  uint64_t before = enter();
  for (uint32_t i = table->count; i-- > 0;)
    if (table->locks[i].pid == pid) drop(i);
  leave(before);
}
