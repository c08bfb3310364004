/*
 * Record locks, open file locks and flock, for programs that have no other reason to need the kernel's: their processes
 * are all in one sandbox. Databases are such programs.
 *
 * A record lock belongs to a process and goes when it closes any descriptor of the file. The two others belong to an open
 * file (numbers.c), and go when its last descriptor is closed in the process that took them.
 *
 * A lock on the image's files is refused: they are read-only, so there is nothing to guard, and other sandboxes have
 * them too. It is refused with a line on standard error, because programs report it as anything but that.
 *
 * What is remembered is one process's. A child that was made by vfork shares its memory and must leave it alone, though it
 * closes and copies descriptors of its own.
 *
 * Not done: finding deadlocks (EDEADLK).
 */
#define _GNU_SOURCE
#include "locks.h"
#include "kernel.h"
#include "numbers.h"
#include "table.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DESCRIPTORS_MOST = 65536, READ_ONLY_FLAG = 1 /* ST_RDONLY */ };

static bool has_records;        /* record locks were taken by this process */
static uint32_t remembering;    /* whose all this is: a process id, 0 before the first lock */

static struct lock missed;
bool locks_used, locks_missed;

static uint32_t own_pid(void) { return (uint32_t)kernel_call(SYS_getpid, 0, 0, 0, 0, 0, 0); }

/* ---- whose all this is ---- */

static bool is_borrowed(void) { return remembering != own_pid(); }

/* A child that nobody told of its birth asks for a lock. */
static void settle(void) {
  if (remembering && is_borrowed()) locks_forked();
  remembering = own_pid();
  locks_used = true;
}

/* Whoever asks, it is the lock of the process that the number is from. */
static long own_by_number(int fd, struct lock *lock) {
  lock->owner = numbers_for(fd);
  lock->pid = (uint32_t)(lock->owner >> 32);
  return lock->owner ? 0 : -ENOLCK;
}

/* ---- what is asked for ---- */

/* The file; 0 or -errno. */
static long look_at(int fd, struct lock *lock) {
  struct stat status;
  struct statfs system;
  long error = kernel_call(SYS_fstat, fd, (long)&status, 0, 0, 0, 0);
  if (error == 0) error = kernel_call(SYS_fstatfs, fd, (long)&system, 0, 0, 0, KERNEL_OWN);
  if (error < 0) return error;
  if (system.f_flags & READ_ONLY_FLAG) {
    locks_refused();
    return -ENOLCK;
  }
  lock->device = status.st_dev;
  lock->inode = status.st_ino;
  lock->pid = own_pid();
  return 0;
}

static long read_range(int fd, const struct flock *from, struct lock *to) {
  int64_t start = from->l_start, base = 0, end;
  struct stat status;
  if (from->l_whence == SEEK_CUR) base = kernel_call(SYS_lseek, fd, 0, SEEK_CUR, 0, 0, 0);
  else if (from->l_whence == SEEK_END) {
    kernel_call(SYS_fstat, fd, (long)&status, 0, 0, 0, 0);
    base = status.st_size;
  } else if (from->l_whence != SEEK_SET) return -EINVAL;
  if (base < 0 || __builtin_add_overflow(base, start, &start)) return base < 0 ? base : -EOVERFLOW;
  if (from->l_len == 0) end = INT64_MAX;
  else if (from->l_len > 0) {
    if (__builtin_add_overflow(start, from->l_len - 1, &end)) return -EOVERFLOW;
  } else {
    end = start - 1;
    start += from->l_len;
  }
  if (start < 0) return -EINVAL;
  to->first = start;
  to->last = end;
  return 0;
}

static long read_type(int fd, const struct flock *from, bool takes, struct lock *to) {
  long flags = kernel_call(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0);
  if (flags < 0 || (flags & O_PATH)) return -EBADF;
  switch (from->l_type) {
    case F_UNLCK: to->type = LOCK_NONE; return takes ? 0 : -EINVAL;
    case F_RDLCK: to->type = LOCK_SHARED; return takes && (flags & O_ACCMODE) == O_WRONLY ? -EBADF : 0;
    case F_WRLCK: to->type = LOCK_EXCLUSIVE; return takes && (flags & O_ACCMODE) == O_RDONLY ? -EBADF : 0;
    default: return -EINVAL;
  }
}

static bool of_open_file(int command) {
  return command == F_OFD_GETLK || command == F_OFD_SETLK || command == F_OFD_SETLKW;
}

bool locks_is_command(int command) {
  return command == F_GETLK || command == F_SETLK || command == F_SETLKW || of_open_file(command);
}

static void miss(const struct lock *wanted, const struct lock *other) {
  if (other->pid == own_pid()) return;
  missed = *wanted;
  locks_missed = true;
  locks_in_the_way();
}

static long answer_get(const struct lock *wanted, struct flock *to) {
  struct lock other;
  if (!table_conflict(wanted, &other)) {
    to->l_type = F_UNLCK;
    return 0;
  }
  /* Some ask first and then sleep, as others try first. */
  if (other.type == LOCK_EXCLUSIVE) miss(wanted, &other);
  *to = (struct flock){
    .l_type = other.type == LOCK_EXCLUSIVE ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET, .l_start = other.first,
    .l_len = other.last == INT64_MAX ? 0 : other.last - other.first + 1,
    .l_pid = other.owner >> 32 ? -1 : (pid_t)other.pid,
  };
  return 0;
}

/* ---- taking ---- */

struct attempt { const struct lock *wanted; long error; };

static bool try(void *argument) {
  struct attempt *attempt = argument;
  attempt->error = table_take(attempt->wanted, NULL);
  return attempt->error != -EAGAIN;
}

static long take(const struct lock *wanted, bool waits) {
  struct lock other;
  struct attempt attempt = { wanted, table_take(wanted, &other) };
  if (attempt.error != -EAGAIN) {
    /* Others are given back before the program sleeps and tries this one again. */
    if (wanted->type != LOCK_NONE && wanted->first == missed.first && wanted->inode == missed.inode) locks_missed = false;
    return attempt.error;
  }
  miss(wanted, &other);
  if (waits && !locks_wait(try, &attempt)) return -EINTR;
  return attempt.error;
}

bool locks_could_be_had(void *nothing) {
  (void)nothing;
  return !locks_missed || !table_conflict(&missed, NULL);
}

long locks_fcntl(int fd, int command, void *argument) {
  struct flock *asked = argument;
  struct lock lock = { .kind = LOCK_OF_RANGE };
  bool takes = command != F_GETLK && command != F_OFD_GETLK;
  settle();
  long error = look_at(fd, &lock);
  if (error == 0) error = read_type(fd, asked, takes, &lock);
  if (error == 0) error = read_range(fd, asked, &lock);
  if (error == 0 && of_open_file(command) && asked->l_pid != 0) error = -EINVAL;
  if (error < 0) return error;
  lock.owner = lock.pid;
  if (of_open_file(command) && (error = own_by_number(fd, &lock)) < 0) return error;
  if (!takes) return answer_get(&lock, asked);
  if (!of_open_file(command)) has_records = true;
  return take(&lock, command == F_SETLKW || command == F_OFD_SETLKW);
}

long locks_flock(int fd, int operation) {
  struct lock lock = { .kind = LOCK_OF_FILE, .last = INT64_MAX };
  switch (operation & ~LOCK_NB) {
    case LOCK_SH: lock.type = LOCK_SHARED; break;
    case LOCK_EX: lock.type = LOCK_EXCLUSIVE; break;
    case LOCK_UN: lock.type = LOCK_NONE; break;
    default: return -EINVAL;
  }
  settle();
  long error = look_at(fd, &lock);
  if (error < 0) return error;
  if ((error = own_by_number(fd, &lock)) < 0) return error;
  return take(&lock, !(operation & LOCK_NB));
}

/* ---- descriptors and processes come and go ---- */

static void forget(unsigned first, unsigned last) {
  uint64_t gone[NUMBERS_MOST];
  unsigned count = numbers_forget(first, last, gone);
  for (unsigned i = 0; i < count; i++)
    if (gone[i] >> 32 == own_pid()) table_release(gone[i], NULL);
}

static void leave_records(int fd) {
  struct stat status;
  if (kernel_call(SYS_fstat, fd, (long)&status, 0, 0, 0, 0) < 0) return;
  struct lock file = { .device = status.st_dev, .inode = status.st_ino };
  table_release(own_pid(), &file);
}

void locks_forget(int fd) {
  if (!is_borrowed()) forget((unsigned)fd, (unsigned)fd);
}

void locks_leaving_range(unsigned first, unsigned last) {
  if (is_borrowed()) return;
  forget(first, last);
  if (!has_records) return;
  if (last > DESCRIPTORS_MOST) last = DESCRIPTORS_MOST;
  for (unsigned fd = first; fd <= last; fd++) leave_records((int)fd);
}

void locks_leaving(int fd) { locks_leaving_range((unsigned)fd, (unsigned)fd); }

void locks_copied(int from, int to) {
  if (!is_borrowed()) numbers_copied(from, to);
}

void locks_forked(void) {
  has_records = locks_missed = false;
  numbers_forked();
  remembering = own_pid();
  /* What a process of this number held before is nobody's. */
  table_release_process(own_pid());
}

void locks_exit(void) {
  if (locks_used) table_release_process(own_pid());
}
