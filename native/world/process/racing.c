/*
 * Races with real time.
 *
 * How often a process looks at the clock, sleeps or waits while a child of its own is at work depends on how fast the
 * machine runs the child, and when several threads really run at once, everything does. Such counts are no part of what
 * is the same in every run: they are kept apart, and the record's chain does not hold them. The counts before the race
 * and of everything else stay where they are.
 *
 * The clock in a race is coarse. Reads make no time pass that shows, until a whole hundredth of a second of them has come together;
 * sleeping and waiting take as long as ever. So what a program sees of the time does not hang on how often something
 * looked. A race lasts to the end of the step it is in and as long as there is a child.
 *
 * A program that asked anything of the time in a race, or asked whether something has come instead of waiting for it, or
 * has two children at once, can let the machine into what it shows. Then `children` is one of the things that do not
 * hold. One that only waits for its child does not.
 */
#include "world/threads/threads.h"
#include "world/world.h"
#include <string.h>

static void name_children(void) {
  /* Nothing is compared yet while a zygote warms up. */
  if (world.begun) world.lacks |= LACK_CHILDREN;
}

void world_race_begin(void) {
  if (world.racing == RACE_CHILDREN && world_child_lives()) name_children();
  if (world.racing == RACE_NONE) world.racing = RACE_CHILDREN;
}

static void end(void) {
  if (world.racing != RACE_CHILDREN || world_has_child()) return;
  world.racing = RACE_NONE;
  world.hidden = 0;
}

void world_race_over(void) {
  /* A child of the sandbox's process has no steps. */
  if (world.depth > 0) end();
}

void world_race_threads(void) {
  for (unsigned i = 0; i < LEDGER_KINDS; i++) world.beside[i] += world.ledger[i];
  memset(world.ledger, 0, sizeof world.ledger);
  world.racing = RACE_THREADS;
}

void world_race_boundary(void) {
  uint64_t timed = world.beside[LEDGER_CLOCK] | world.beside[LEDGER_SLEEP] | world.beside[LEDGER_WAIT];
  if (world.racing == RACE_CHILDREN && timed) name_children();
  memset(world.beside, 0, sizeof world.beside);
  end();
}

void world_early_ask(void) {
  if (world.racing == RACE_CHILDREN) name_children();
}
