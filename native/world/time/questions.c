/*
 * Questions about descriptors beside a child.
 *
 * When a child writes and when it ends is the machine's doing, so in how many rounds a program has to ask would be as well.
 * A question is therefore answered when the child is done, or rests, or has had its share of real time. A share is a child's
 * for its whole life: one that waits for its parent costs that once.
 *
 *   With a deadline     The clock would show how often the program asked. What the child works is taken from its share.
 *   Without one         Only several pipes of a child's need it, as of `subprocess.run(capture_output=True)`: how much had come by
 *                       which of them would show in the rounds, and so in what the program's memory looks like. It
 *                       may wait as long as a read may (rest.c), as the program has nothing else to do. A pipe that has a piece (pieces.c) is told at once and
 *                       alone: then how much the child has written of it decides, and not how fast.
 *   Without waiting     The answer was no. What a child will write is waited for a little, as its end is.
 *
 * What can be written is told at once and alone, because the child may be waiting for it, and what has come by then is a
 * matter of luck.
 */
#define _GNU_SOURCE
#include "questions.h"
#include "timers.h"
#include "world/process/rest.h"
#include "world/threads/threads.h"
#include "world/world.h"
#include <errno.h>
#include <sys/syscall.h>

enum { KERNEL_SIGSET = 8, SHARE_NS = 1000000000, PAUSE_NS = 200000, ALONE_MOST = 4096, ASKED_IN_ROW = 32, ASKED_NS = 1000 };

static struct { int64_t work; uint32_t births, alone; bool several; } share;

static void know_births(void) {
  if (share.births == world.births) return;
  share.work = SHARE_NS, share.alone = 0, share.several = false, share.births = world.births;
}

static long pause_real(long ns, const uint64_t *signals) {
  struct timespec pause = { 0, ns };
  return world_raw6(SYS_ppoll, 0, 0, (long)&pause, (long)signals, KERNEL_SIGSET, 0);
}

/* How many can be written to, told alone; 0: none, or enough were told alone. */
static long only_writable(struct pollfd *fds, unsigned count) {
  long writable = 0;
  for (unsigned i = 0; i < count; i++) writable += (fds[i].revents & POLLOUT) != 0;
  if (writable == 0 || share.alone++ >= ALONE_MOST) return 0;
  for (unsigned i = 0; i < count; i++)
    if (!(fds[i].revents & POLLOUT)) fds[i].revents = 0;
  return writable;
}

static bool any_writable(const struct pollfd *fds, unsigned count) {
  for (unsigned i = 0; i < count; i++)
    if (fds[i].revents & POLLOUT) return true;
  return false;
}

long let_child_run(long (*ask)(void *), void *argument, struct pollfd *fds, unsigned count, long got) {
  know_births();
  if (any_writable(fds, count)) {
    long writable = only_writable(fds, count);
    return writable > 0 ? writable : got;
  }
  for (; share.work > 0 && world_child_lives(); share.work -= world_work_passed(PAUSE_NS, share.work)) pause_real(PAUSE_NS, NULL);
  return ask(argument);
}

/* Whether a pipe has a whole piece: it is told alone then. */
static bool tell_piece(struct pollfd *fds, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    if (!(fds[i].revents & POLLIN) || !world_has_piece(fds[i].fd)) continue;
    for (unsigned k = 0; k < count; k++)
      if (k != i) fds[k].revents = 0;
    return true;
  }
  return false;
}

/* The signals are blocked; those that `signals` lets through end the wait. */
static long come_to_rest(struct pollfd *fds, unsigned count, const uint64_t *signals) {
  struct timespec none = { 0, 0 };
  rest_wait_begins();
  for (;;) {
    bool rests = rest_reached(), lives = rest_is_there() || world_child_lives();
    long got = world_raw6(SYS_ppoll, (long)fds, count, (long)&none, 0, 0, 0);
    if (got < 0) return got;
    if (got > 0 && any_writable(fds, count)) {
      long writable = only_writable(fds, count);
      return writable > 0 ? writable : got;
    }
    if (got > 0 && tell_piece(fds, count)) return 1;
    if (rests || !lives) return got;
    if (pause_real(rest_step_ns(), signals) == -EINTR) return -EINTR;
    if (rest_waited_in_vain(rest_step_ns(), got > 0 || world_due_at != WORLD_NEVER)) return got;
  }
}

long let_child_come_to_rest(struct pollfd *fds, unsigned count) {
  /* Where several children are heard, their order is the machine's in any case. */
  if (world.births == 0 || world.raced || rest_given_up()) return 0;
  know_births();
  unsigned pipes = world_childs_pipes(fds, count);
  /* Who has waited for several goes on so when all but one are closed. */
  share.several |= pipes > 1;
  if (pipes == 0 || !share.several) return 0;
  uint64_t signals;
  signals_block(&signals);
  long got = come_to_rest(fds, count, &signals);
  signals_restore(&signals);
  return got;
}

/* Who reads nothing of it and asks again is told: it may wait for the end. */
static bool is_told_again(uint64_t pipe, long holds) {
  static struct { uint64_t pipe; long holds; } last;
  bool again = last.pipe == pipe && last.holds == holds;
  last.pipe = pipe, last.holds = holds;
  return again;
}

void without_ends(struct pollfd *fds, unsigned count) {
  for (unsigned i = 0; i < count && rest_watches && world.births > 0; i++) {
    uint64_t pipe = (fds[i].revents & POLLIN) && (fds[i].revents & POLLHUP) ? rest_pipe(fds[i].fd) : 0;
    if (!pipe || !world_is_childs(fds[i].fd, pipe)) continue;
    if (is_told_again(pipe, world_pipe_holds(fds[i].fd))) world_race_lost();
    else fds[i].revents &= ~POLLHUP;
  }
}

/* ---- without waiting ---- */

struct asked { long (*ask)(void *); void *argument; long got; };

static bool is_answered(void *argument) {
  struct asked *asked = argument;
  asked->got = asked->ask(asked->argument);
  return asked->got != 0;
}

static __thread unsigned asked_in_row __attribute__((tls_model("initial-exec")));

void questions_asked_anew(void) {
  asked_in_row = 0;
}

/*
 * A program may ask until the clock shows a later time than before (Python's Connection.poll does): after some such
 * answers in a row it does, by as much each time.
 */
long ask_in_race(long (*ask)(void *), void *argument, struct pollfd *fds, unsigned count) {
  struct world_wait wait = { .fds = fds, .fd_count = count };
  struct asked asked = { ask, argument, 0 };
  if (world_child_lives() && world_waits_outside(&wait)) world_ask_patiently(is_answered, &asked);
  asked_in_row = asked.got ? 0 : asked_in_row + 1;
  if (asked_in_row < ASKED_IN_ROW) return asked.got;
  asked_in_row = 0;
  world_advance(world_now() + ASKED_NS);
  return 0;
}
