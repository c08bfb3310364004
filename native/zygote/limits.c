/*
 * The two clocks of a run: wall time and the CPU time of the child.
 *
 * A child that asks its host and waits is not charged for how long the host takes. The slot does not read what the child
 * says, so it cannot tell a question from other bytes; the host does, and marks an answer as one. From the child's last
 * word to the answer the child may have waited. It is lent that time, less the CPU time that it used meanwhile: a child
 * that pretends to wait, and works, works on its own time. As long as no answer has come, the time since its last word is
 * taken for waiting in the same way; whether it really waits, and for how long it may, is the host's to see.
 *
 * Where the host has the child's stream itself (streams.c), it also counts the wall time; here the child's CPU time alone is
 * held to both limits.
 *
 * Every word that is answered can be asked for once: the host answers questions only, one at a time, and each behind a
 * record of a step.
 */
#include "zygote.h"
#include <time.h>
#include "supervise.h"

static uint64_t cpu_used_us(pid_t pid) {
  clockid_t clock = (clockid_t)((~(unsigned)pid << 3) | 2u); /* the kernel's CPU-time clock of a process */
  struct timespec used;
  if (clock_gettime(clock, &used) < 0) return 0;
  return (uint64_t)used.tv_sec * 1000000u + (uint64_t)used.tv_nsec / 1000u;
}

/* How much of the time since the child's last word was not used by it. */
static uint64_t quiet_us(const struct limits *limits, uint64_t now, uint64_t cpu) {
  uint64_t passed = now - limits->spoke_us, worked = cpu - limits->spoke_cpu_us;
  return worked < passed ? passed - worked : 0;
}

/*
 * What was noticed since the last look counts from this one: the slot looks each time it has carried something, and a
 * reading of the clocks for each word and each answer would show in every step.
 */
static void take_notice(struct limits *limits, uint64_t now, uint64_t cpu) {
  if (limits->answered && limits->waits) limits->lent_us += quiet_us(limits, now, cpu), limits->waits = 0;
  if (limits->spoke && limits->asks) limits->spoke_us = now, limits->spoke_cpu_us = cpu, limits->waits = 1;
  limits->spoke = limits->answered = 0;
}

/* Whether a run is over a limit; if not, how long the next look may wait, in milliseconds. */
uint32_t limits_look(struct limits *limits, pid_t pid, int *wait_ms) {
  uint64_t now = monotonic_us(), cpu = cpu_used_us(pid);
  take_notice(limits, now, cpu);
  uint64_t lent = limits->lent_us + (limits->waits ? quiet_us(limits, now, cpu) : 0);
  uint64_t wall = limits->is_direct ? cpu : now - limits->began_us - lent;
  if (wall >= limits->wall_us) return CAUSE_WALL;
  if (cpu >= limits->cpu_us) return CAUSE_CPU;
  /* One thread cannot use its CPU time faster than the wall clock runs; more threads are caught a little late. */
  uint64_t left = limits->wall_us - wall < limits->cpu_us - cpu ? limits->wall_us - wall : limits->cpu_us - cpu;
  *wait_ms = left / 1000 + 1 < 1000 ? (int)(left / 1000 + 1) : 1000;
  return CAUSE_OWN;
}
