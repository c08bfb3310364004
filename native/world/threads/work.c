/*
 * Whether other processes of the sandbox are at work, and for how long: by the processor time that they use.
 *
 * A wait for another process cannot last its time-out in real time alone: where the machine is busy, a child that answers
 * within two seconds of work answers after ten. So as long as others work, a wait's time is not what a clock shows but
 * what the busiest of them has used of a processor meanwhile. Where none of them uses any, it is real time, as nobody can
 * tell a process that waits from one that the machine does not let run.
 *
 * The kernel tells the processor time of any process that has a number here. Numbers are given in a row, and nothing
 * lists them where there is no /proc, so they are tried one after the other, now and then. What comes of all this decides
 * only how long is waited, never what is seen; and it never makes a wait shorter than the real time it counts.
 *
 *   Window     What was used is looked at after a tenth of a second, so that most processes that could run have. Who has
 *              worked is given half a second in which it does not, before it counts as one that waits.
 *   Probe      Where children have had all the patience there is (outside.c), what they do is looked at for a moment before
 *              each wait, because they may have begun something; for longer where this process has written something
 *              since, because that may have asked them to; and after some such moments in vain only there.
 */
#define _GNU_SOURCE
#include "threads.h"
#include "world/world.h"
#include <sys/syscall.h>
#include <time.h>

enum { KNOWN_MOST = 64, AHEAD = 1024, PROBES = 16, LEAST_SHARE = 32 };
enum { WINDOW_NS = 100000000, PROBE_NS = 4000000, ASKED_NS = 500000000, STARVED_NS = 500000000, LIST_NS = 500000000 };
enum { PROCESS_CLOCK = 2 };     /* of a process: what the scheduler counted for it */

static struct { int pid; int64_t used; } known[KNOWN_MOST];
static unsigned known_count;
static int64_t listed_ago;      /* real nanoseconds waited since numbers were tried */
static uint32_t births_listed;
static int64_t window, window_most;
static int64_t idle_most;       /* real time without any work that shows that there is none */
static bool working;
static unsigned probes = PROBES;
bool world_wrote;

/* -1: no such process. */
static int64_t used_by(int pid) {
  struct timespec time;
  int clock = (int)(~(unsigned)pid << 3 | PROCESS_CLOCK);
  if (world_own(SYS_clock_gettime, clock, &time, 0, 0, 0) < 0) return -1;
  return time.tv_sec * WORLD_SECOND + time.tv_nsec;
}

static int64_t used_before(int pid) {
  for (unsigned i = 0; i < known_count; i++)
    if (known[i].pid == pid) return known[i].used;
  return 0;
}

/* Tries numbers up to some after the last that somebody has; threads have numbers too. */
static void list(void) {
  int self = (int)world_raw6(SYS_getpid, 0, 0, 0, 0, 0, 0);
  int last = (int)world_raw6(SYS_gettid, 0, 0, 0, 0, 0, 0);
  __typeof__(known[0]) found[KNOWN_MOST];
  unsigned count = 0;
  for (unsigned i = 0; i < known_count; i++)
    if (known[i].pid > last) last = known[i].pid;
  for (int pid = 1; pid <= last + AHEAD && count < KNOWN_MOST; pid++) {
    if (pid == self || used_by(pid) < 0) continue;
    found[count].pid = pid;
    found[count++].used = used_before(pid);
    if (pid > last) last = pid;
  }
  __builtin_memcpy(known, found, count * sizeof found[0]);
  known_count = count;
  listed_ago = 0;
  births_listed = world.births;
}

/* What the busiest of them has used since the last look. */
static int64_t used_most(void) {
  int64_t most = 0;
  if (listed_ago >= LIST_NS || births_listed != world.births || known_count == 0) list();
  for (unsigned i = 0; i < known_count; i++) {
    int64_t now = used_by(known[i].pid), more = now - known[i].used;
    if (now < 0) continue;
    known[i].used = now;
    if (more > most) most = more;
  }
  return most;
}

void world_work_begin(int64_t most) {
  int64_t probe = world_wrote ? ASKED_NS : PROBE_NS;
  if (world_wrote) probes = PROBES;
  world_wrote = false;
  working = probes > 0;
  if (!working) return;
  used_most();
  window = idle_most = 0;
  window_most = most < probe ? most : probe;
}

int64_t world_work_passed(int64_t ns, int64_t most) {
  window += ns;
  listed_ago += ns;
  if (window < window_most && window < most) return 0;
  int64_t real = window, used = used_most();
  bool worked = used >= real / LEAST_SHARE;
  idle_most = worked ? STARVED_NS : idle_most - real;
  working = idle_most > 0;
  if (worked) probes = PROBES;
  else if (probes > 0) probes--;
  window = 0;
  window_most = WINDOW_NS;
  return worked && used < real ? used : real;
}

bool world_others_work(void) {
  return working;
}

void world_work_hoped_for(void) {
  probes = PROBES;
}
