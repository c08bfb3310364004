/*
 * File locks (native/locks) in the sealed world: who waits for one waits in the schedule, and a sleep between two attempts,
 * which takes no time, gives the process that has the lock some of the machine's.
 */
#define _GNU_SOURCE
#include "locks/locks.h"
#include "world/process/process.h"
#include "world/threads/schedule.h"
#include "world/world.h"
#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

bool locks_wait(bool (*attempt)(void *), void *argument) {
  struct world_wait wait = { .attempt = attempt, .argument = argument, .deadline = WORLD_NEVER };
  return world_block(&wait) != WAIT_INTERRUPTED;
}

void locks_in_the_way(void) { world_early_ask(); }

void locks_refused(void) {
  static bool said;
  static const char text[] = "sameseed: a lock on one of the image's files was refused (ENOLCK): other sandboxes have them too. "
                             "Copy the file to /tmp, or open it without locks.\n";
  world_note_refusal();
  if (!said) world_raw6(SYS_write, 2, (long)text, sizeof text - 1, 0, 0, 0);
  said = true;
}

WORLD_EXPORT int flock(int fd, int operation) { return (int)world_result(locks_flock(fd, operation)); }

static long lock_ahead(int fd, int command, off64_t length) {
  struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_len = length };
  long error;
  switch (command) {
    case F_LOCK: return locks_fcntl(fd, F_SETLKW, &lock);
    case F_TLOCK: return locks_fcntl(fd, F_SETLK, &lock);
    case F_ULOCK: lock.l_type = F_UNLCK; return locks_fcntl(fd, F_SETLK, &lock);
    case F_TEST:
      error = locks_fcntl(fd, F_GETLK, &lock);
      return error < 0 ? error : lock.l_type == F_UNLCK ? 0 : -EACCES;
    default: return -EINVAL;
  }
}

WORLD_EXPORT int lockf(int fd, int command, off_t length) { return (int)world_result(lock_ahead(fd, command, length)); }
WORLD_EXPORT int lockf64(int fd, int command, off64_t length) { return (int)world_result(lock_ahead(fd, command, length)); }

/* ---- the end of a process ---- */

__attribute__((destructor)) static void at_exit(void) { locks_exit(); }

WORLD_EXPORT __attribute__((noreturn)) void _exit(int status) {
  locks_exit();
  for (;;) world_raw6(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

WORLD_EXPORT __attribute__((noreturn)) void _Exit(int status) { _exit(status); }
