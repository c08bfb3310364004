/*
 * Which descriptor stands for what, while programs copy and close them.
 *
 * A timer and a lock belong to a descriptor's number in this library and to an open file in the kernel. Every function
 * by which a number comes to mean another file goes through here: it tells first that the number loses its meaning, and
 * then that it has a new one. libc's own closing of a stream is a function like these; what it closes in other ways it
 * also opened itself.
 */
#define _GNU_SOURCE
#include "descriptors.h"
#include "locks/locks.h"
#include "world/threads/schedule.h"
#include "world/time/timers.h"
#include "world/world.h"
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CLOSE_RANGE_MARKS = 4 /* CLOSE_RANGE_CLOEXEC: nothing is closed */ };

static bool watched(void) { return WORLD_UNLIKELY(world_timerfds > 0 || locks_used); }

/* Before its file is closed. */
static void leaving(int fd) {
  if (!watched()) return;
  world_timerfd_closed(fd);
  if (locks_used) locks_leaving(fd);
}

static void copied(int from, int to) {
  if (!watched()) return;
  world_timerfd_copied(from, to);
  locks_copied(from, to);
}

static bool is_open(int fd) { return world_raw6(SYS_fcntl, fd, F_GETFD, 0, 0, 0, 0) >= 0; }

long world_do_close(int fd) {
  leaving(fd);
  return world_raw6(SYS_close, fd, 0, 0, 0, 0, 0);
}

/* A number that was free has no meaning, whatever was noted: what it stood for was closed unseen. */
static long made(long fd) {
  if (fd >= 0 && watched()) {
    world_timerfd_closed((int)fd);
    locks_forget((int)fd);
  }
  return fd;
}

long world_do_dup(int from) {
  long fd = made(world_raw6(SYS_dup, from, 0, 0, 0, 0, 0));
  if (fd >= 0) copied(from, (int)fd);
  return fd;
}

long world_do_dup3(int from, int to, int flags) {
  if (from != to && is_open(from)) leaving(to);
  long fd = world_raw6(SYS_dup3, from, to, flags, 0, 0, 0);
  if (fd >= 0) copied(from, to);
  return fd;
}

long world_do_close_range(unsigned first, unsigned last, unsigned flags) {
  if (watched() && !(flags & CLOSE_RANGE_MARKS)) {
    world_timerfds_closed(first, last);
    if (locks_used) locks_leaving_range(first, last);
  }
  return world_raw6(SYS_close_range, first, last, flags, 0, 0, 0);
}

long world_do_eventfd(unsigned count, int flags) { return made(world_raw6(SYS_eventfd2, count, flags, 0, 0, 0, 0)); }

/* ---- libc's functions ---- */

WORLD_EXPORT int close(int fd) { return (int)world_result(world_do_close(fd)); }

WORLD_EXPORT int dup(int from) { return (int)world_result(world_do_dup(from)); }

WORLD_EXPORT int dup2(int from, int to) {
  /* One number twice is a question whether it is open. */
  if (from == to) return is_open(from) ? to : (int)world_result(-EBADF);
  return (int)world_result(world_do_dup3(from, to, 0));
}

WORLD_EXPORT int dup3(int from, int to, int flags) { return (int)world_result(world_do_dup3(from, to, flags)); }

WORLD_EXPORT int close_range(unsigned first, unsigned last, int flags) {
  return (int)world_result(world_do_close_range(first, last, (unsigned)flags));
}

WORLD_EXPORT void closefrom(int first) { world_do_close_range(first < 0 ? 0 : (unsigned)first, ~0u, 0); }

WORLD_EXPORT int eventfd(unsigned count, int flags) { return (int)world_result(world_do_eventfd(count, flags)); }

WORLD_EXPORT int fclose(FILE *stream) {
  if (watched()) {
    fflush(stream);
    leaving(fileno(stream));
  }
  return REAL(fclose)(stream);
}

static int control(int fd, int command, long argument) {
  if (locks_is_command(command)) return (int)world_result(locks_fcntl(fd, command, (void *)argument));
  int result = REAL(fcntl64)(fd, command, argument);
  if (result < 0 || (command != F_DUPFD && command != F_DUPFD_CLOEXEC)) return result;
  copied(fd, (int)made(result));
  return result;
}

#define ARGUMENT_AFTER(command)                                                                                       \
  ({                                                                                                                  \
    va_list rest_;                                                                                                    \
    va_start(rest_, command);                                                                                         \
    long argument_ = va_arg(rest_, long);                                                                             \
    va_end(rest_);                                                                                                    \
    argument_;                                                                                                        \
  })

WORLD_EXPORT int fcntl(int fd, int command, ...) { return control(fd, command, ARGUMENT_AFTER(command)); }
WORLD_EXPORT int fcntl64(int fd, int command, ...) { return control(fd, command, ARGUMENT_AFTER(command)); }
