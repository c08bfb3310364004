/*
 * How much of a child's output one read gets must not hang on how fast the machine runs the child. So a read waits until there is as
 * much as it asks for, or half of what the pipe holds, or the child has come to rest (rest.c). Then what has come is all that comes.
 *
 * Programs that read inside libc (C's streams), or wait for anything else, do not tell that they wait. Beside one that uses no
 * processor a read waits for a tenth of a second in all, once for each child, and then gets what has come.
 */
#define _GNU_SOURCE
#include "pieces.h"
#include "process.h"
#include "rest.h"
#include "world/threads/threads.h"
#include "world/time/signals.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

enum { UNSEEN_NS = 100000000, SOON = 5, PIPE_LEAST = 4096 };

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

static long until_rest(int fd, size_t wanted) {
  static struct { int64_t left; uint32_t births; } unseen;
  if (unseen.births != world.births) unseen.left = UNSEEN_NS, unseen.births = world.births;
  for (unsigned steps = 0;;) {
    uint32_t word = rest_word();
    long held = world_pipe_holds(fd);
    if (held < 0 || (size_t)held >= wanted || has_ended(fd)) return 0;
    /* What came after the question is read as well. */
    if (rest_reached() || !world_has_child() || unseen.left <= 0) return 0;
    long error = rest_sleep(word);
    if (error == -EINTR && is_over()) return held > 0 ? 0 : -EINTR;
    if (error != -ETIMEDOUT || ++steps < SOON) continue;
    if (steps == SOON) world_work_begin(UNSEEN_NS);
    int64_t passed = world_work_passed(REST_STEP_NS, UNSEEN_NS);
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

long pieces_before_read(int fd, size_t *bytes) {
  if (!rest_is_there()) return 0;
  /* What is there is not waited for, and half of the smallest pipe is not made less: one question for a byte. */
  if (*bytes <= PIPE_LEAST / 2 && world_pipe_holds(fd) >= (long)*bytes) return 0;
  uint64_t pipe = rest_pipe(fd);
  long flags = pipe ? world_raw6(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0) : -1;
  if (flags < 0 || (flags & O_NONBLOCK)) return 0;
  /* Where several children are heard, their order is the machine's in any case. */
  if (world.births > 0 && !world.raced && world_is_childs(fd, pipe)) {
    long half = world_half_of_pipe(fd);
    if (half > 0 && *bytes > (size_t)half) *bytes = (size_t)half;
    long error = until_rest(fd, *bytes);
    if (error < 0) return error;
  }
  return rest_is_told() ? wait_for_pipe(fd) : 0;
}
