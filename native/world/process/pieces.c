/*
 * How much of a child's output one read gets must not hang on how fast the machine runs the child. So a read waits until there is as
 * much as it asks for, or a quarter of what the pipe holds, or the child has come to rest (rest.c). Then what has come is all that comes.
 * A quarter, because a pipe is full by its pages, of which each but the first may be used by half: a child that waits for room to write
 * does not tell.
 *
 * Programs that wait for anything else than pipes and children do not tell that they wait either. Beside such a child, and
 * beside one that works and works, reads are given up: they get what has come, and `children` does not hold.
 */
#define _GNU_SOURCE
#include "pieces.h"
#include "process.h"
#include "rest.h"
#include "world/threads/threads.h"
#include "world/time/signals.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>

enum { PIECE_LEAST = 1024 };

static bool has_ended(int fd) {
  struct pollfd asked = { .fd = fd };
  struct timespec none = { 0, 0 };
  return world_raw6(SYS_ppoll, (long)&asked, 1, (long)&none, 0, 0, 0) > 0;
}

/* Whether a call that a handler has interrupted ends, as it does where a handler asks for no restart. */
static bool is_over(void) {
  for (int signal = 1; signal < 32; signal++)
    if (signal != SIGSYS && signal != SIGSEGV && world_handles(signal, SA_RESTART)) return true;
  return false;
}

/* `told`: whether it has told that it waits, as a process does that has parents to look at it, where nothing has come. */
static long look_until_rest(int fd, size_t wanted, bool told) {
  for (;;) {
    uint32_t word = rest_word();
    long held = world_pipe_holds(fd);
    if (held > 0 && told) rest_runs(), told = false;
    if (held < 0 || (size_t)held >= wanted || has_ended(fd)) return 0;
    /* What came after the question is read as well. */
    if (rest_reached()) return 0;
    long error = rest_sleep(word);
    if (error == -EINTR && is_over()) return held > 0 ? 0 : -EINTR;
    if (rest_waited_in_vain(error == -ETIMEDOUT ? rest_step_ns() : REST_TOLD_NS, held > 0)) return 0;
  }
}

static long until_rest(int fd, size_t wanted) {
  struct pollfd asked = { .fd = fd, .events = POLLIN };
  bool told = rest_is_told() && world_pipe_holds(fd) == 0;
  rest_wait_begins();
  if (told) rest_waits(&asked, 1);
  long error = look_until_rest(fd, wanted, told);
  rest_runs();
  return error;
}

/* In a child: without taking anything, so that who looks sees it waits as long as there is nothing. */
static long wait_for_pipe(int fd) {
  struct pollfd asked = { .fd = fd, .events = POLLIN };
  struct timespec step = { 0, REST_LATER_NS };
  long got;
  rest_waits(&asked, 1);
  for (;;) {
    got = world_raw6(SYS_ppoll, (long)&asked, 1, rest_has_children() ? (long)&step : 0, 0, 0, 0);
    if (got == 0) rest_counts_dead();
    else if (got != -EINTR || is_over()) break;
  }
  rest_runs();
  return got == -EINTR ? got : 0;
}

/* A packet is not waited for: it is one read, whatever has come. */
static long wait_for_piece(int fd, long flags, size_t *bytes) {
  /* Nobody is left who could write: all that is there is had at once, as in any world. */
  if (!world_has_child() && rest_reached()) return 0;
  long most = world_piece_of_pipe(fd);
  if (most > 0 && *bytes > (size_t)most) *bytes = (size_t)most;
  if ((flags & O_DIRECT) || ((flags & O_NONBLOCK) && world_pipe_holds(fd) <= 0)) return 0;
  return until_rest(fd, *bytes);
}

long pieces_before_read(int fd, size_t *bytes) {
  if (!rest_is_there() || *bytes == 0) return 0;
  /* What is there is not waited for, and a piece of the smallest pipe is not made less: one question for a byte. */
  if (*bytes <= PIECE_LEAST && world_pipe_holds(fd) >= (long)*bytes) return 0;
  uint64_t pipe = rest_pipe(fd);
  long flags = pipe ? world_raw6(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0) : -1;
  if (flags < 0 || (flags & O_ACCMODE) == O_WRONLY) return 0;
  /* Where several children are heard, their order is the machine's in any case. */
  if (world.births > 0 && !world.raced && !rest_given_up() && world_is_childs(fd, pipe)) {
    long error = wait_for_piece(fd, flags, bytes);
    if (error < 0) return error;
  }
  return rest_is_told() && !(flags & O_NONBLOCK) ? wait_for_pipe(fd) : 0;
}
