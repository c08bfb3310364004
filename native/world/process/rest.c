/*
 * What processes of a sandbox tell each other, so that one can see whether what descends from it rests: it has ended, or waits for what
 * nobody has sent. resting.c looks, and pieces.c says what for.
 *
 *   Table      Processes that a fork or an exec made tell what they wait for in memory that all of a sandbox share: a file in its
 *              own /dev/shm, as the locks' is. A program that scribbles on it spoils its own runs, and reaches nobody else.
 *   Waiting    Who waits for a pipe says so, waits without taking anything, and takes it back before it reads. So as long as somebody
 *              is told to wait for a pipe that is empty, it waits.
 *   Children   Who waits for a child says so as well, and waits like the child does. It takes that back before the child is forgotten.
 *   The dead   Only its parent can tell a process that has ended, and was not asked for, from one that runs. It does so when it waits.
 */
#define _GNU_SOURCE
#include "rest_table.h"
#include "pieces.h"
#include "process.h"
#include "world/world.h"
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { PAGE = 4096 };

bool rest_watches;
/* In a page that a fork wipes, as the table is in no copy of this process: the child maps it anew, and a copy in another sandbox has none. */
static struct rest_table **kept;
static struct rest_entry *own;
static int unborn = -1;         /* the place of the child that is being made */

struct rest_table *rest_shared(void) { return kept ? *kept : NULL; }

bool rest_is_there(void) { return rest_shared() != NULL; }

bool rest_is_told(void) { return rest_shared() && own; }

static bool advised(void *at, size_t bytes, int advice) { return world_raw6(SYS_madvise, (long)at, (long)bytes, advice, 0, 0, 0) == 0; }

static bool keep(void) {
  long at = kept ? (long)kept : world_map(PAGE, MAP_PRIVATE);
  if ((at < 0 && at > -4096) || !advised((void *)at, PAGE, MADV_WIPEONFORK)) return false;
  kept = (struct rest_table **)at;
  return true;
}

/* Whether the file is still the one that is mapped: programs may empty their folders. */
static bool is_same(long fd) {
  static uint64_t number;
  struct stat status = { 0 };
  world_raw6(SYS_fstat, fd, (long)&status, 0, 0, 0, 0);
  bool same = rest_shared() && status.st_ino == number;
  number = status.st_ino;
  return same;
}

static long open_table(int flags) {
  return world_raw6(SYS_openat, AT_FDCWD, (long)"/dev/shm/" REST_NAME, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600, 0, 0);
}

/* When the folder was changed is the program's to see, and this is no change of the program's. */
static long make_table(void) {
  struct stat status;
  long error = world_raw6(SYS_newfstatat, AT_FDCWD, (long)"/dev/shm", (long)&status, 0, 0, 0);
  long fd = open_table(O_CREAT);
  struct timespec times[2] = { status.st_atim, status.st_mtim };
  if (error == 0 && fd >= 0) world_raw6(SYS_utimensat, AT_FDCWD, (long)"/dev/shm", (long)times, 0, 0, 0);
  return fd;
}

static bool map(bool makes) {
  long fd = open_table(0);
  if (fd == -ENOENT && makes) fd = make_table();
  if (fd < 0) return false;
  if (is_same(fd)) return world_raw6(SYS_close, fd, 0, 0, 0, 0, 0) == 0;
  if (rest_shared()) world_raw6(SYS_munmap, (long)rest_shared(), TABLE_BYTES, 0, 0, 0, 0);
  if (kept) *kept = NULL;
  /* Room as well as size: without room the first look at it would end the process. */
  long at = world_raw6(SYS_fallocate, fd, 0, 0, TABLE_BYTES, 0, 0);
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
  __atomic_fetch_add(&rest_shared()->word, 1, __ATOMIC_RELEASE);
  if (__atomic_load_n(&rest_shared()->sleepers, __ATOMIC_ACQUIRE)) world_raw6(SYS_futex, (long)&rest_shared()->word, FUTEX_WAKE, 64, 0, 0, 0);
}

/* ---- who there is ---- */

/* A place in the table; NULL where there is none. */
static struct rest_entry *take(int32_t pid, int32_t parent) {
  for (unsigned i = 0; i < ENTRIES; i++) {
    struct rest_entry *entry = &rest_shared()->entries[i];
    int32_t before = entry->pid;
    if (before == UNBORN || (before != 0 && !rest_is_gone(before))) continue;
    if (!__atomic_compare_exchange_n(&entry->pid, &before, UNBORN, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) continue;
    entry->parent = parent;
    entry->state = RUNS;
    __atomic_store_n(&entry->pid, pid, __ATOMIC_RELEASE);
    return entry;
  }
  rest_shared()->crowded = 1;
  return NULL;
}

static void enter(void) {
  int32_t pid = rest_number_of(SYS_getpid);
  own = rest_entry_of(pid);
  if (!own) own = take(pid, rest_number_of(SYS_getppid));
  rest_runs();
}

void rest_birth(void) {
  unborn = -1;
  /* Who looks no more needs no table, and nobody can take it away from under it. */
  if (!world.begun || world.raced || rest_given_up()) return;
  if (!map(true)) rest_give_up();
}

/* In the table before it is there: else a parent could see all others rest before the child has said that it runs. */
void rest_expects(void) {
  struct rest_entry *entry = rest_shared() ? take(UNBORN, rest_number_of(SYS_getpid)) : NULL;
  if (entry) unborn = (int)(entry - rest_shared()->entries);
}

void rest_born(int32_t pid) {
  if (rest_shared() && unborn >= 0) __atomic_store_n(&rest_shared()->entries[unborn].pid, pid > 0 ? pid : 0, __ATOMIC_RELEASE);
  unborn = -1;
}

void rest_child(void) {
  if (!rest_watches || !map(false)) return;
  if (unborn >= 0) __atomic_store_n(&rest_shared()->entries[unborn].pid, rest_number_of(SYS_getpid), __ATOMIC_RELEASE);
  unborn = -1;
  enter();
}

void rest_program(void) {
  if (!map(false)) return;
  enter();
  streams_tell();
}

/* ---- who waits ---- */

uint64_t rest_pipe(int fd) {
  struct stat status;
  if (world_raw6(SYS_fstat, fd, (long)&status, 0, 0, 0, 0) < 0 || !S_ISFIFO(status.st_mode)) return 0;
  return status.st_ino;
}

static bool has_children;

bool rest_has_children(void) { return has_children; }

void rest_tell_dead(struct rest_entry *entry) {
  uint32_t state = rest_state_of(entry);
  if (state != DEAD && __atomic_compare_exchange_n(&entry->state, &state, DEAD, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) tell();
}

void rest_counts_dead(void) {
  has_children = false;
  for (unsigned i = 0; i < ENTRIES && world.births > 0; i++) {
    struct rest_entry *entry = &rest_shared()->entries[i];
    if (entry->pid <= 0 || entry->parent != own->pid || rest_state_of(entry) == DEAD || rest_is_gone(entry->pid)) continue;
    if (rest_has_died(entry->pid)) rest_tell_dead(entry);
    else has_children = true;
  }
}

static void wait_as(enum rest_state state) {
  rest_counts_dead();
  __atomic_store_n(&own->state, state, __ATOMIC_RELEASE);
  tell();
}

void rest_runs(void) {
  if (rest_shared() && own) __atomic_store_n(&own->state, RUNS, __ATOMIC_RELEASE);
}

void rest_waits(const struct pollfd *fds, unsigned count) {
  if (!rest_shared() || !own || count == 0 || count > WAITED_MOST) return;
  for (unsigned i = 0; i < count; i++)
    if (fds[i].events != POLLIN || !(own->pipes[i] = rest_pipe(fds[i].fd))) return;
  own->count = count;
  wait_as(WAITS);
}

void rest_waits_for_child(int32_t pid) {
  if (!rest_shared() || !own) return;
  own->child = pid;
  wait_as(WAITS_FOR_CHILD);
}
