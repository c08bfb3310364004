/*
 * Reading the clock. state.c says what time is here.
 *
 * A read is an addition and a comparison, because programs read clocks in inner loops: `world_due_at` is the next moment
 * at which anything of the schedule or of a timer happens, and the row of reads is counted in the same word the tick
 * depends on. In a race (racing.c) it does not show at once.
 *
 * In a world with the machine's clock (the audit's), MONOTONIC's real progress takes the place of the ticks; what waits
 * skipped is still added. It is read through the vDSO's own code, put back for the moment (vdso.c): the system call is
 * trapped.
 */
#define _GNU_SOURCE
#include "world/world.h"
#include "world/threads/schedule.h"
#include "vdso.h"
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

enum { READS_BEFORE_HURRY = 100, READS_IN_RACE = 10000, TICK_MOST_NS = 1000000, COARSE_NS = 10000000, CLOCKS = 12, RSS_KB = 65536, CLOCK_HZ = 100 };

static bool is_real(void) { return WORLD_UNLIKELY(world.settings.flags & WORLD_REAL_CLOCK); }

void world_real_begin(void) {
  world.real_zero = is_real() ? world_vdso_monotonic() : 0;
}

int64_t world_now(void) {
  return is_real() ? world.now + world_vdso_monotonic() - world.real_zero : world.now;
}

void world_advance(int64_t to) {
  if (is_real()) {
    int64_t now = world_now();
    if (to > now) world.now += to - now;
  } else if (to > world.now) {
    world.now = to;
  }
}

void world_tick(int64_t ns) {
  if (world.racing && !is_real()) {
    world.hidden += ns;
    ns = world.hidden / COARSE_NS * COARSE_NS;
    world.hidden -= ns;
  }
  world_advance(world_now() + ns);
}

static void hurry(void) {
  if (world.tick < TICK_MOST_NS) {
    world.tick *= 2;
    if (world.tick > TICK_MOST_NS) world.tick = TICK_MOST_NS;
  }
}

int64_t world_read(void) {
  ++*world_ledger(LEDGER_CLOCK);
  if (is_real()) return world_now();
  if (WORLD_UNLIKELY(++world.reads > READS_BEFORE_HURRY) && (!world.racing || world.reads > READS_IN_RACE)) hurry();
  if (WORLD_UNLIKELY(world.racing)) world_tick(world.tick);
  else world.now += world.tick;
  int64_t now = world.now;
  if (WORLD_UNLIKELY(now >= world_due_at)) world_due();
  return now;
}

/* By the kernel's numbers; negative ones are CPU clocks of processes and threads. */
static const uint8_t of_epoch[CLOCKS] = { [CLOCK_REALTIME] = 1, [CLOCK_REALTIME_COARSE] = 1, [CLOCK_REALTIME_ALARM] = 1,
                                          [CLOCK_TAI] = 1 };
static const uint8_t of_cpu[CLOCKS] = { [CLOCK_PROCESS_CPUTIME_ID] = 1, [CLOCK_THREAD_CPUTIME_ID] = 1 };

bool world_clock_known(int clock) { return clock < CLOCKS && clock != 10; }

int64_t world_clock_base(int clock) {
  if (clock < 0 || of_cpu[clock]) return 0;
  return of_epoch[clock] ? world.settings.epoch_ns : WORLD_BOOT_NS;
}

int64_t world_clock_read(int clock) { return world_clock_base(clock) + world_read(); }

static void put_time(struct timespec *to, int64_t ns) {
  int64_t seconds = ns / WORLD_SECOND, rest = ns % WORLD_SECOND;
  if (rest < 0) seconds--, rest += WORLD_SECOND;
  to->tv_sec = seconds;
  to->tv_nsec = rest;
}

/* ---- as the kernel and its vDSO answer: -errno ---- */

long world_do_clock_gettime(clockid_t clock, struct timespec *to) {
  if (!world_clock_known(clock)) return -EINVAL;
  put_time(to, world_clock_read(clock));
  return 0;
}

long world_do_gettimeofday(struct timeval *to, struct timezone *zone) {
  if (to) {
    struct timespec time;
    put_time(&time, world_clock_read(CLOCK_REALTIME));
    *to = (struct timeval){ time.tv_sec, time.tv_nsec / 1000 };
  }
  if (zone) memset(zone, 0, sizeof *zone);
  return 0;
}

long world_do_time(time_t *to) {
  struct timespec time;
  put_time(&time, world_clock_read(CLOCK_REALTIME));
  if (to) *to = time.tv_sec;
  return time.tv_sec;
}

/* Processor time is logical time, memory a constant: how much a program takes differs between machines. */
long world_do_getrusage(int who, struct rusage *to) {
  if (who < RUSAGE_CHILDREN || who > RUSAGE_THREAD) return -EINVAL;
  memset(to, 0, sizeof *to);
  if (who == RUSAGE_CHILDREN) return 0;
  int64_t now = world_read();
  to->ru_utime = (struct timeval){ now / WORLD_SECOND, now % WORLD_SECOND / 1000 };
  to->ru_maxrss = RSS_KB;
  return 0;
}

long world_do_times(struct tms *to) {
  int64_t ticks = world_read() / (WORLD_SECOND / CLOCK_HZ);
  if (to) *to = (struct tms){ .tms_utime = ticks };
  return WORLD_BOOT_NS / (WORLD_SECOND / CLOCK_HZ) + ticks;
}

long world_do_getcpu(unsigned *cpu, unsigned *node) {
  world_count(LEDGER_CPU, 1);
  if (cpu) *cpu = 0;
  if (node) *node = 0;
  return 0;
}

/* ---- as libc answers ---- */

WORLD_EXPORT int clock_gettime(clockid_t clock, struct timespec *to) {
  return (int)world_result(world_do_clock_gettime(clock, to));
}

WORLD_EXPORT int gettimeofday(struct timeval *restrict to, void *restrict zone) {
  return (int)world_do_gettimeofday(to, zone);
}

WORLD_EXPORT time_t time(time_t *to) { return world_do_time(to); }

WORLD_EXPORT int timespec_get(struct timespec *to, int base) {
  if (base != TIME_UTC) return 0;
  put_time(to, world_clock_read(CLOCK_REALTIME));
  return base;
}

WORLD_EXPORT clock_t clock(void) { return world_read() / (WORLD_SECOND / CLOCKS_PER_SEC); }

WORLD_EXPORT clock_t times(struct tms *to) { return world_do_times(to); }

WORLD_EXPORT int getrusage(__rusage_who_t who, struct rusage *to) {
  return (int)world_result(world_do_getrusage((int)who, to));
}

WORLD_EXPORT int clock_getres(clockid_t clock, struct timespec *to) {
  if (!world_clock_known(clock)) return (int)world_result(-EINVAL);
  if (to) *to = (struct timespec){ 0, 1 };
  return 0;
}

WORLD_EXPORT int getcpu(unsigned *cpu, unsigned *node) { return (int)world_do_getcpu(cpu, node); }

WORLD_EXPORT int sched_getcpu(void) {
  unsigned cpu;
  world_do_getcpu(&cpu, NULL);
  return (int)cpu;
}
