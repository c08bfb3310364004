/*
 * Races with real time.
 *
 * How often a process looks at the clock, sleeps, waits, or asks for anything else (its own number, as Python does for
 * every look at a child, a file that the child is to write) while a child of its own is at work depends on how fast the
 * machine runs the child, and when several threads really run at once, everything does. Such counts are no part of what
 * is the same in every run: they are kept apart, and the record's chain does not hold them. The counts before the race
 * stay where they are, and so do children and threads made beside a child.
 *
 * The clock in a race is coarse. Reads make no time pass that shows, until a whole hundredth of a second of them has come together;
 * sleeping and waiting take as long as ever. So what a program sees of the time does not hang on how often something
 * looked. A race lasts to the end of the step it is in and as long as there is a child. The step ends at the next whole
 * tenth of a second: what little time it took more or less is not handed on to the next. Who only waited for its children has not
 * raced: with the last of them that is over, and what it asks of the time later in the step is as ever.
 *
 * A program that asked anything of the time in a race, or asked whether something has come instead of waiting for it, or
 * has two children at once, or a handler for the end of one, can let the machine into what it shows. Then `children` is one
 * of the things that do not hold, whichever process of the sandbox it was. One that only waits for its child does not: its counts all
 * go into the chain, and its clock is left alone.
 */
#include "process.h"
#include "world/threads/threads.h"
#include "world/time/signals.h"
#include "world/world.h"
#include <signal.h>
#include <string.h>

enum { BOUNDARY_NS = 100000000 };

static void name_children(void) {
  world.raced = 1;
  /* Nothing is compared yet while a zygote warms up. */
  if (world.begun) world_lacks(LACK_CHILDREN);
}

void world_race_begin(void) {
  if (world.racing == RACE_CHILDREN && world_child_lives()) name_children();
  if (world.racing == RACE_NONE) world.racing = RACE_CHILDREN;
  /* Shells have one as well, which only ends their wait. */
  if (world.depth == 0 && world_handles(SIGCHLD, 0)) name_children();
}

static void forget(void) {
  world.racing = RACE_NONE;
  world.raced = 0;
  world.hidden = 0;
}

static void end(void) {
  if (world.racing == RACE_CHILDREN && !world_has_child()) forget();
}

static bool has_asked_for_time(void) {
  return (world.beside[LEDGER_CLOCK] | world.beside[LEDGER_SLEEP] | world.beside[LEDGER_WAIT]) != 0;
}

static void count_all(void) {
  for (unsigned i = 0; i < LEDGER_KINDS; i++) world.ledger[i] += world.beside[i];
  memset(world.beside, 0, sizeof world.beside);
}

void world_race_over(void) {
  /* A child of the sandbox's process has no steps. */
  if (world.depth > 0) {
    end();
    return;
  }
  if (world.racing != RACE_CHILDREN || world.raced || has_asked_for_time() || world_has_child()) return;
  count_all();
  forget();
}

void world_race_threads(void) {
  for (unsigned i = 0; i < LEDGER_KINDS; i++) world.beside[i] += world.ledger[i];
  memset(world.ledger, 0, sizeof world.ledger);
  world.racing = RACE_THREADS;
}

void world_race_settle(void) {
  if (world.racing != RACE_CHILDREN) return;
  if (has_asked_for_time()) name_children();
  if (!world.raced) count_all();
}

int64_t world_race_boundary(void) {
  bool raced = world.racing == RACE_THREADS || world.raced;
  memset(world.beside, 0, sizeof world.beside);
  world.hidden = 0;
  end();
  if (!raced || (world.settings.flags & WORLD_REAL_CLOCK)) return 0;
  world_schedule_settle();
  return (world.now / BOUNDARY_NS + 1) * BOUNDARY_NS;
}

void world_early_ask(void) {
  if (world.racing == RACE_CHILDREN) name_children();
}

void world_race_lost(void) {
  name_children();
}

void world_race_handler(int signal) {
  if (signal == SIGCHLD && world.depth == 0 && world_handles(SIGCHLD, 0)) world_early_ask();
}
