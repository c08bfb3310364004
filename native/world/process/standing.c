/*
 * How a process stands among others: its priority, its scheduling class and its limits.
 *
 * The wall sets most limits. What it leaves alone, and the rest, are those of whoever started Sameseed: `nice`, `chrt`,
 * `ulimit`, a service's settings. They go on holding, so that a collection in the background stays there; programs are
 * told what an ordinary process of an ordinary user has.
 */
#define _GNU_SOURCE
#include "process.h"
#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

/* The kernel's way to say that a process is as nice as it was born. */
enum { ORDINARY = 20, TURN_NS = 4000000 };

/* About what an interpreter with numpy has mapped. How much it really is hangs on the kernel. */
enum { MAPPED_BYTES = 256 << 20 };

/* ---- priority and class ---- */

long world_do_getpriority(int which, id_t who) {
  id_t real = which == PRIO_PROCESS && who != 0 ? who - (id_t)world.settings.pid_offset : who;
  long answer = world_own(SYS_getpriority, which, real, 0, 0, 0);
  return answer < 0 ? answer : ORDINARY;
}

WORLD_EXPORT int getpriority(__priority_which_t which, id_t who) {
  long answer = world_result(world_do_getpriority((int)which, who));
  return answer < 0 ? -1 : ORDINARY - (int)answer;
}

long world_do_scheduler(pid_t pid) {
  long error = world_about(pid);
  return error ? error : SCHED_OTHER;
}

long world_do_scheduling(pid_t pid, struct sched_param *to) {
  if (!to) return -EINVAL;
  long error = world_about(pid);
  if (!error) *to = (struct sched_param){ .sched_priority = 0 };
  return error;
}

/* The kernel's own answer hangs on how many processors there are. */
long world_do_turn(pid_t pid, struct timespec *to) {
  if (!to) return -EFAULT;
  long error = world_about(pid);
  if (!error) *to = (struct timespec){ .tv_nsec = TURN_NS };
  return error;
}

WORLD_EXPORT int sched_getscheduler(pid_t pid) { return (int)world_result(world_do_scheduler(pid)); }

WORLD_EXPORT int sched_getparam(pid_t pid, struct sched_param *to) {
  return (int)world_result(world_do_scheduling(pid, to));
}

WORLD_EXPORT int sched_rr_get_interval(pid_t pid, struct timespec *to) {
  return (int)world_result(world_do_turn(pid, to));
}

/* ---- limits ---- */

static void tell(int resource, struct rlimit *limit) {
  switch (resource) {
    /* 0 where the host allows no core files at all. */
    case RLIMIT_CORE: *limit = (struct rlimit){ 1, 1 }; break;
    /* The room that a program has comes on top of what is mapped, so that it is the same on every kernel. */
    case RLIMIT_AS:
      if (world.mapped && limit->rlim_cur > world.mapped && limit->rlim_cur != RLIM_INFINITY)
        limit->rlim_max = limit->rlim_cur -= world.mapped - MAPPED_BYTES;
      break;
    /* Programs are begun with more, so that they lie alike everywhere. */
    case RLIMIT_STACK: limit->rlim_max = limit->rlim_cur; break;
    case RLIMIT_NICE: *limit = (struct rlimit){ 0, 0 }; break;
    /* Where a control group holds the limit of processes this one is wider; and a copy of a trunk may raise its own. */
    case RLIMIT_NPROC:
    case RLIMIT_DATA:
    case RLIMIT_LOCKS:
    case RLIMIT_RSS:
    case RLIMIT_RTTIME: *limit = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY }; break;
    default: break;
  }
}

long world_do_limits(pid_t pid, int resource, const struct rlimit *to, struct rlimit *from) {
  pid_t real = pid != 0 ? pid - (pid_t)world.settings.pid_offset : 0;
  if (to) return world_raw6(SYS_prlimit64, real, resource, (long)to, (long)from, 0, 0);
  long error = world_own(SYS_prlimit64, real, resource, 0, from, 0);
  if (!error && from) tell(resource, from);
  return error;
}

/* A limit of 64 bits is laid out the same. */
_Static_assert(sizeof(struct rlimit) == sizeof(struct rlimit64), "limits have 64 bits here");

WORLD_EXPORT int prlimit64(pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *to, struct rlimit64 *from) {
  return (int)world_result(world_do_limits(pid, (int)resource, (const struct rlimit *)to, (struct rlimit *)from));
}

WORLD_EXPORT int prlimit(pid_t pid, enum __rlimit_resource resource, const struct rlimit *to, struct rlimit *from) {
  return (int)world_result(world_do_limits(pid, (int)resource, to, from));
}

WORLD_EXPORT int getrlimit64(__rlimit_resource_t resource, struct rlimit64 *to) {
  return prlimit64(0, resource, NULL, to);
}

WORLD_EXPORT int getrlimit(__rlimit_resource_t resource, struct rlimit *to) { return prlimit(0, resource, NULL, to); }
