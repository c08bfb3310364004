/*
 * Whether what descends from a process rests: it has ended, or waits for what nobody has sent. pieces.c says what for.
 *
 *   Table      Processes that a fork or an exec made tell what they wait for in memory that all of a sandbox share: a file in its
 *              own /dev/shm, as the locks' is. A program that scribbles on it spoils its own runs, and reaches nobody else.
 *   Waiting    Who waits for a pipe says so, waits without taking anything, and takes it back before it reads. So as long as somebody
 *              is told to wait for a pipe that is empty, it waits. That the pipe is empty can be seen by who holds its other end: a
 *              pipe of which this process holds none may have been sent an end, and who waits for it counts as one that runs.
 *   Children   Who waits for a child says so as well, and waits like the child does. It takes that back before the child is forgotten.
 */
#define _GNU_SOURCE
#include "rest.h"
#include "process.h"
#include "world/threads/threads.h"
#include "world/world.h"
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { PAGE = 4096, ENTRIES = 64, WAITED_MOST = 4, TABLE_BYTES = 4096, DEEP = 16 };
enum { UNBORN = -1 };

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
static int unborn = -1;         /* the place of the child that is being made */

static int32_t number_of(long call) { return (int32_t)world_raw6(call, 0, 0, 0, 0, 0, 0); }

static struct table *shared(void) { return kept ? *kept : NULL; }

bool rest_is_there(void) { return shared() != NULL; }

bool rest_is_told(void) { return shared() && own; }

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
  long fd = world_raw6(SYS_openat, AT_FDCWD, (long)"/dev/shm/" REST_NAME, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600, 0, 0);
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

/* A place in the table; NULL where there is none. */
static struct entry *take(int32_t pid, int32_t parent) {
  for (unsigned i = 0; i < ENTRIES; i++) {
    struct entry *entry = &shared()->entries[i];
    int32_t before = entry->pid;
    if (before == UNBORN || (before != 0 && !is_gone(before))) continue;
    if (!__atomic_compare_exchange_n(&entry->pid, &before, UNBORN, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) continue;
    entry->parent = parent;
    entry->state = RUNS;
    __atomic_store_n(&entry->pid, pid, __ATOMIC_RELEASE);
    return entry;
  }
  return NULL;
}

static void enter(void) {
  int32_t pid = number_of(SYS_getpid);
  own = entry_of(pid);
  if (!own) own = take(pid, number_of(SYS_getppid));
  rest_runs();
}

void rest_birth(void) {
  unborn = -1;
  if (world.begun) map(O_CREAT);
}

/* In the table before it is there: else a parent could see all others rest before the child has said that it runs. */
void rest_expects(void) {
  struct entry *entry = shared() ? take(UNBORN, number_of(SYS_getpid)) : NULL;
  if (entry) unborn = (int)(entry - shared()->entries);
}

void rest_born(int32_t pid) {
  if (shared() && unborn >= 0) __atomic_store_n(&shared()->entries[unborn].pid, pid > 0 ? pid : 0, __ATOMIC_RELEASE);
  unborn = -1;
}

void rest_child(void) {
  if (!rest_watches || !map(0)) return;
  if (unborn >= 0) __atomic_store_n(&shared()->entries[unborn].pid, number_of(SYS_getpid), __ATOMIC_RELEASE);
  unborn = -1;
  enter();
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

uint64_t rest_pipe(int fd) {
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
    if (fds[i].events != POLLIN || !(own->pipes[i] = rest_pipe(fds[i].fd))) return;
  own->count = count;
  wait_as(WAITS);
}

void rest_waits_for_child(void) {
  if (shared() && own) wait_as(WAITS_FOR_CHILD);
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

static bool has_child(const struct entry *parent) {
  for (unsigned i = 0; i < ENTRIES; i++)
    if (shared()->entries[i].pid > 0 && shared()->entries[i].parent == parent->pid && !is_gone(shared()->entries[i].pid)) return true;
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

/* Whether this process's own child has ended and was not asked for: what it held is closed. */
static bool has_died(const struct entry *entry, int32_t self) {
  siginfo_t found = { 0 };
  if (entry->parent != self) return false;
  long error = world_raw6(SYS_waitid, P_PID, entry->pid, (long)&found, WEXITED | WNOHANG | WNOWAIT, 0, 0);
  return error == 0 && found.si_pid == entry->pid;
}

enum look { NOBODY, RESTS, WORKS, CHANGED };

static enum look look(struct table *table, int32_t self) {
  enum look seen = NOBODY;
  for (unsigned i = 0; i < ENTRIES; i++) {
    struct entry *entry = &table->entries[i];
    int32_t pid = __atomic_load_n(&entry->pid, __ATOMIC_ACQUIRE);
    if (pid == 0 || pid == self || !is_below(entry, self)) continue;
    if (pid == UNBORN) return WORKS;
    if (is_gone(pid)) {
      __atomic_compare_exchange_n(&entry->pid, &pid, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
      return CHANGED;
    }
    if (!has_died(entry, self) && !waits(entry)) return WORKS;
    seen = RESTS;
  }
  return seen;
}

bool rest_reached(void) {
  struct table *table = shared();
  int32_t self = table ? number_of(SYS_getpid) : 0;
  /* Who waited for a child that is gone may have been looked at before it was: looked at again. */
  for (unsigned looks = 0; table && looks < ENTRIES; looks++) {
    enum look seen = look(table, self);
    if (seen != CHANGED) return seen == RESTS;
  }
  return false;
}

/* ---- who looks ---- */

uint32_t rest_word(void) { return __atomic_load_n(&shared()->word, __ATOMIC_ACQUIRE); }

long rest_sleep(uint32_t word) {
  struct timespec step = { 0, REST_STEP_NS };
  __atomic_fetch_add(&shared()->sleepers, 1, __ATOMIC_ACQ_REL);
  long error = world_raw6(SYS_futex, (long)&shared()->word, FUTEX_WAIT, word, (long)&step, 0, 0);
  __atomic_fetch_sub(&shared()->sleepers, 1, __ATOMIC_ACQ_REL);
  return error;
}
