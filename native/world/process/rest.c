/*
 * How much of a child's output one read gets must not hang on how fast the machine runs the child. So a read waits until there is as
 * much as it asks for, or half of what the pipe holds, or the child has come to rest: it has ended, or it waits for what
 * nobody has sent. Then what has come is all that comes.
 *
 *   Table      Processes that a fork or an exec made tell what they wait for in memory that all of a sandbox share: a file in its
 *              own /dev/shm, as the locks' is. A program that scribbles on it spoils its own runs, and reaches nobody else.
 *   Waiting    Who waits for a pipe says so, waits without taking anything, and takes it back before it reads. So as long as somebody
 *              is told to wait for a pipe that is empty, it waits. That the pipe is empty can be seen by who holds its other end: a
 *              pipe of which this process holds none may have been sent an end, and who waits for it counts as one that runs.
 *   Children   Who waits for a child says so as well, and waits like the child does. It takes that back before the child is forgotten.
 *   Unseen     Programs that read inside libc (C's streams), or wait for anything else, tell nothing. Beside one that uses no
 *              processor a read waits for a tenth of a second in all, once for each child, and then gets what has come.
 */
#define _GNU_SOURCE
#include "rest.h"
#include "process.h"
#include "world/threads/threads.h"
#include "world/time/signals.h"
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { PAGE = 4096, ENTRIES = 64, WAITED_MOST = 4, TABLE_BYTES = 4096, DEEP = 16, DESCRIPTORS_MOST = 256 };
enum { STEP_NS = 200000, UNSEEN_NS = 100000000, SOON = 5 };

enum state { RUNS, WAITS, WAITS_FOR_CHILD };
struct entry { int32_t pid, parent; uint32_t state, count; uint64_t pipes[WAITED_MOST]; };
struct table {
  uint32_t word, sleepers;      /* changes whenever somebody has told something; who sleeps on it */
  struct entry entries[ENTRIES];
};
_Static_assert(sizeof(struct table) <= TABLE_BYTES, "the table fits its file");

bool rest_watches;
/* In a page that a fork wipes, as the table is in no copy of this process: the child maps it anew, and a copy in another sandbox has none. */
static struct table **kept;
static struct entry *own;

static int32_t number_of(long call) { return (int32_t)world_raw6(call, 0, 0, 0, 0, 0, 0); }

static struct table *shared(void) { return kept ? *kept : NULL; }

static bool advised(void *at, size_t bytes, int advice) { return world_raw6(SYS_madvise, (long)at, (long)bytes, advice, 0, 0, 0) == 0; }

static bool keep(void) {
  long at = kept ? (long)kept : world_map(PAGE, MAP_PRIVATE);
  if ((at < 0 && at > -4096) || !advised((void *)at, PAGE, MADV_WIPEONFORK)) return false;
  kept = (struct table **)at;
  return true;
}

/* Whether the file is still the one that is mapped: programs may empty their folders. */
static bool is_same(long fd) {
  static uint64_t number;
  struct stat status = { 0 };
  world_raw6(SYS_fstat, fd, (long)&status, 0, 0, 0, 0);
  bool same = shared() && status.st_ino == number;
  number = status.st_ino;
  return same;
}

static bool map(int flags) {
  long fd = world_raw6(SYS_openat, AT_FDCWD, (long)"/dev/shm/.sameseed-rest", O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600, 0, 0);
  if (fd < 0) return false;
  if (is_same(fd)) return world_raw6(SYS_close, fd, 0, 0, 0, 0, 0) == 0;
  if (shared()) world_raw6(SYS_munmap, (long)shared(), TABLE_BYTES, 0, 0, 0, 0);
  if (kept) *kept = NULL;
  long at = world_raw6(SYS_ftruncate, fd, TABLE_BYTES, 0, 0, 0, 0);
  int error = errno;
  /* By libc's name, which has places for what is shared (large.c). */
  void *mapped = at == 0 && keep() ? mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, (int)fd, 0) : MAP_FAILED;
  errno = error;
  world_raw6(SYS_close, fd, 0, 0, 0, 0, 0);
  if (mapped == MAP_FAILED || !advised(mapped, TABLE_BYTES, MADV_DONTFORK)) return false;
  own = NULL;
  *kept = mapped;
  return rest_watches = true;
}

static void tell(void) {
  __atomic_fetch_add(&shared()->word, 1, __ATOMIC_RELEASE);
  if (__atomic_load_n(&shared()->sleepers, __ATOMIC_ACQUIRE)) world_raw6(SYS_futex, (long)&shared()->word, FUTEX_WAKE, 64, 0, 0, 0);
}

/* ---- who there is ---- */

static bool is_gone(int32_t pid) { return world_raw6(SYS_kill, pid, 0, 0, 0, 0, 0) == -ESRCH; }

static struct entry *entry_of(int32_t pid) {
  for (unsigned i = 0; i < ENTRIES; i++)
    if (shared()->entries[i].pid == pid) return &shared()->entries[i];
  return NULL;
}

static void enter(void) {
  int32_t pid = number_of(SYS_getpid);
  own = entry_of(pid);
  for (unsigned i = 0; i < ENTRIES && !own; i++) {
    int32_t before = shared()->entries[i].pid;
    if (before != 0 && !is_gone(before)) continue;
    if (__atomic_compare_exchange_n(&shared()->entries[i].pid, &before, pid, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
      own = &shared()->entries[i];
  }
  if (!own) return;
  own->parent = number_of(SYS_getppid);
  __atomic_store_n(&own->state, RUNS, __ATOMIC_RELEASE);
}

void rest_birth(void) {
  if (world.begun) map(O_CREAT);
}

void rest_child(void) {
  if (rest_watches && map(0)) enter();
}

void rest_program(void) {
  if (map(0)) enter();
}

/* Whether it is a child of this process, or a child's. */
static bool is_below(const struct entry *entry, int32_t self) {
  for (unsigned i = 0; entry && i < DEEP; i++) {
    if (entry->parent == self) return true;
    entry = entry->parent > 1 ? entry_of(entry->parent) : NULL;
  }
  return false;
}

/* ---- who waits ---- */

/* 0: it is none, or one that nobody waits for. */
static uint64_t pipe_of(int fd) {
  struct stat status;
  if (world_raw6(SYS_fstat, fd, (long)&status, 0, 0, 0, 0) < 0 || !S_ISFIFO(status.st_mode)) return 0;
  return status.st_ino;
}

static void wait_as(enum state state) {
  __atomic_store_n(&own->state, state, __ATOMIC_RELEASE);
  tell();
}

void rest_runs(void) {
  if (shared() && own) __atomic_store_n(&own->state, RUNS, __ATOMIC_RELEASE);
}

void rest_waits(const struct pollfd *fds, unsigned count) {
  if (!shared() || !own || count == 0 || count > WAITED_MOST) return;
  for (unsigned i = 0; i < count; i++)
    if (fds[i].events != POLLIN || !(own->pipes[i] = pipe_of(fds[i].fd))) return;
  own->count = count;
  wait_as(WAITS);
}

void rest_waits_for_child(void) {
  if (shared() && own) wait_as(WAITS_FOR_CHILD);
}

static bool is_empty(int fd) {
  int held = 0;
  return world_raw6(SYS_ioctl, fd, FIONREAD, (long)&held, 0, 0, 0) == 0 && held == 0;
}

/* Whether this process holds the end of the pipe that is written to, and nothing is in it. */
static bool is_held_empty(uint64_t pipe) {
  static int last;
  for (int i = -1; i < DESCRIPTORS_MOST; i++) {
    int fd = i < 0 ? last : i;
    long flags = pipe_of(fd) == pipe ? world_raw6(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0) : -1;
    if (flags < 0 || (flags & O_ACCMODE) == O_RDONLY) continue;
    last = fd;
    return is_empty(fd);
  }
  return false;
}

static bool has_child(const struct entry *parent) {
  for (unsigned i = 0; i < ENTRIES; i++)
    if (shared()->entries[i].pid != 0 && shared()->entries[i].parent == parent->pid && !is_gone(shared()->entries[i].pid)) return true;
  return false;
}

static bool waits(const struct entry *entry) {
  uint32_t state = __atomic_load_n(&entry->state, __ATOMIC_ACQUIRE), count = entry->count;
  if (state == RUNS || count > WAITED_MOST) return false;
  if (state == WAITS_FOR_CHILD && !has_child(entry)) return false;
  for (unsigned i = 0; state == WAITS && i < count; i++)
    if (!is_held_empty(entry->pipes[i])) return false;
  /* It may have run meanwhile. */
  return __atomic_load_n(&entry->state, __ATOMIC_ACQUIRE) == state;
}

bool rest_reached(void) {
  bool any = false;
  struct table *table = shared();
  int32_t self = table ? number_of(SYS_getpid) : 0;
  for (unsigned i = 0; table && i < ENTRIES; i++) {
    struct entry *entry = &table->entries[i];
    int32_t pid = __atomic_load_n(&entry->pid, __ATOMIC_ACQUIRE);
    if (pid == 0 || pid == self || !is_below(entry, self)) continue;
    if (is_gone(pid)) {
      __atomic_compare_exchange_n(&entry->pid, &pid, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
      continue;
    }
    if (!waits(entry)) return false;
    any = true;
  }
  return any;
}

/* ---- a read of a child's pipe ---- */

static bool has_ended(int fd) {
  struct pollfd asked = { .fd = fd };
  struct timespec none = { 0, 0 };
  return world_raw6(SYS_ppoll, (long)&asked, 1, (long)&none, 0, 0, 0) > 0;
}

/* Until somebody has told something, or a short while: 0, -EINTR, or -ETIMEDOUT. */
static long sleep_on(uint32_t word) {
  struct timespec step = { 0, STEP_NS };
  __atomic_fetch_add(&shared()->sleepers, 1, __ATOMIC_ACQ_REL);
  long error = world_raw6(SYS_futex, (long)&shared()->word, FUTEX_WAIT, word, (long)&step, 0, 0);
  __atomic_fetch_sub(&shared()->sleepers, 1, __ATOMIC_ACQ_REL);
  return error;
}

/* Whether a call that a handler has interrupted ends, as it does where a handler asks for no restart. */
static bool is_over(void) {
  for (int signal = 1; signal < 32; signal++) {
    struct kernel_action action = { 0 };
    world_raw6(SYS_rt_sigaction, signal, 0, (long)&action, 8, 0, 0);
    bool handled = action.handler != (void *)SIG_DFL && action.handler != (void *)SIG_IGN;
    if (handled && !(action.flags & SA_RESTART) && signal != SIGSYS && signal != SIGSEGV) return true;
  }
  return false;
}

static long until_rest(int fd, size_t wanted) {
  static struct { int64_t left; uint32_t births; } unseen;
  if (unseen.births != world.births) unseen.left = UNSEEN_NS, unseen.births = world.births;
  for (unsigned steps = 0;;) {
    uint32_t word = __atomic_load_n(&shared()->word, __ATOMIC_ACQUIRE);
    int held = 0;
    if (world_raw6(SYS_ioctl, fd, FIONREAD, (long)&held, 0, 0, 0) < 0 || (size_t)held >= wanted || has_ended(fd)) return 0;
    /* What came after the question is read as well. */
    if (rest_reached() || !world_child_lives() || unseen.left <= 0) return 0;
    long error = sleep_on(word);
    if (error == -EINTR && is_over()) return held > 0 ? 0 : -EINTR;
    if (error != -ETIMEDOUT || ++steps < SOON) continue;
    if (steps == SOON) world_work_begin(UNSEEN_NS);
    int64_t passed = world_work_passed(STEP_NS, UNSEEN_NS);
    if (!world_others_work()) unseen.left -= passed;
  }
}

/* In a child: without taking anything, so that who looks sees it waits as long as there is nothing. */
static long wait_for_pipe(int fd) {
  struct pollfd asked = { .fd = fd, .events = POLLIN };
  long got;
  rest_waits(&asked, 1);
  do got = world_raw6(SYS_ppoll, (long)&asked, 1, 0, 0, 0, 0); while (got == -EINTR && !is_over());
  rest_runs();
  return got == -EINTR ? got : 0;
}

long rest_before_read(int fd, size_t *bytes) {
  uint64_t pipe = shared() ? pipe_of(fd) : 0;
  long flags = pipe ? world_raw6(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0) : -1;
  if (flags < 0 || (flags & O_NONBLOCK)) return 0;
  /* Where several children are heard, their order is the machine's in any case. */
  if (world.births > 0 && !world.raced && world_is_childs(fd, pipe)) {
    long most = world_raw6(SYS_fcntl, fd, F_GETPIPE_SZ, 0, 0, 0, 0);
    size_t half = most > 0 ? (size_t)most / 2 : 0;
    if (half > 0 && *bytes > half) *bytes = half;
    long error = until_rest(fd, *bytes);
    if (error < 0) return error;
  }
  return own ? wait_for_pipe(fd) : 0;
}
