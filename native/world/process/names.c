/*
 * What the machine is called, how big it is and how busy: constants.
 *
 * Process ids stay the kernel's, because a sandbox counts them from 1; the audit moves those that a process is told of
 * itself and its parent, and kill takes them back.
 */
#define _GNU_SOURCE
#include "process.h"
#include "world/threads/threads.h"
#include "world/time/signals.h"
#include "world/world.h"
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { MEMORY_BYTES = 1 << 30, PAGE_BYTES = 4096, MEMORY_GIB = 4 };

/* ---- names ---- */

long world_do_uname(struct utsname *to) {
  world_count(LEDGER_NAMES, 1);
  struct utsname machine;
  long error = world_own(SYS_uname, &machine, 0, 0, 0, 0);
  if (error < 0) return error;
  memset(to, 0, sizeof *to);
  strcpy(to->sysname, "Linux");
  memcpy(to->nodename, world.settings.hostname, sizeof world.settings.hostname);
  strcpy(to->release, "6.1.0-sealed");
  strcpy(to->version, "#1 SMP");
  memcpy(to->machine, machine.machine, sizeof to->machine);
  strcpy(to->domainname, "(none)");
  return 0;
}

WORLD_EXPORT int uname(struct utsname *to) {
  return (int)world_result(world_do_uname(to));
}

WORLD_EXPORT int gethostname(char *to, size_t length) {
  world_count(LEDGER_NAMES, 1);
  size_t needed = strlen(world.settings.hostname) + 1;
  memcpy(to, world.settings.hostname, needed < length ? needed : length);
  return needed <= length ? 0 : (int)world_result(-ENAMETOOLONG);
}

WORLD_EXPORT long gethostid(void) {
  world_count(LEDGER_NAMES, 1);
  return 0;
}

/* ---- processors ---- */

static int cpus(void) {
  world_count(LEDGER_CPU, 1);
  return (int)world.settings.cpus;
}

WORLD_EXPORT int get_nprocs(void) {
  return cpus();
}

WORLD_EXPORT int get_nprocs_conf(void) {
  return cpus();
}

static int affinity(size_t bytes, cpu_set_t *set) {
  int count = cpus();
  if (bytes * CHAR_BIT < (size_t)count || bytes % sizeof(long)) return EINVAL;
  CPU_ZERO_S(bytes, set);
  for (int i = 0; i < count; i++) CPU_SET_S(i, bytes, set);
  return 0;
}

/* Which of the machine's processors a program runs on is not its business; asking for one that is there succeeds. */
static int choose_cpus(size_t bytes, const cpu_set_t *set) {
  for (int i = 0, count = cpus(); i < count; i++)
    if (CPU_ISSET_S(i, bytes, set)) return 0;
  return EINVAL;
}

/* An answer for every number would invent processes. */
long world_about(pid_t pid) {
  static cpu_set_t all;
  if (pid == 0) return 0;
  long asked = world_own(SYS_sched_getaffinity, pid - (pid_t)world.settings.pid_offset, sizeof all, &all, 0, 0);
  return asked < 0 ? asked : 0;
}

/* As the kernel: how many bytes of the set were written. */
long world_do_getaffinity(pid_t pid, size_t bytes, cpu_set_t *set) {
  long error = world_about(pid);
  if (error) return error;
  size_t words = (world.settings.cpus + 63) / 64 * sizeof(uint64_t);
  if (bytes > words) bytes = words;
  error = -affinity(bytes, set);
  return error ? error : (long)bytes;
}

long world_do_setaffinity(pid_t pid, size_t bytes, const cpu_set_t *set) {
  long error = world_about(pid);
  return error ? error : -choose_cpus(bytes, set);
}

WORLD_EXPORT int sched_getaffinity(pid_t pid, size_t bytes, cpu_set_t *set) {
  long error = world_about(pid);
  return (int)world_result(error ? error : -affinity(bytes, set));
}

WORLD_EXPORT int sched_setaffinity(pid_t pid, size_t bytes, const cpu_set_t *set) {
  return (int)world_result(world_do_setaffinity(pid, bytes, set));
}

WORLD_EXPORT int pthread_getaffinity_np(pthread_t thread, size_t bytes, cpu_set_t *set) {
  (void)thread;
  return affinity(bytes, set);
}

WORLD_EXPORT int pthread_setaffinity_np(pthread_t thread, size_t bytes, const cpu_set_t *set) {
  (void)thread;
  return choose_cpus(bytes, set);
}

/* ---- memory and load ---- */

WORLD_EXPORT long get_phys_pages(void) {
  world_count(LEDGER_CPU, 1);
  return MEMORY_BYTES / PAGE_BYTES;
}

WORLD_EXPORT long get_avphys_pages(void) {
  return get_phys_pages();
}

static bool constant(int name, long *value) {
  switch (name) {
    case _SC_NPROCESSORS_CONF:
    case _SC_NPROCESSORS_ONLN: *value = cpus(); return true;
    case _SC_PHYS_PAGES:
    case _SC_AVPHYS_PAGES: *value = get_phys_pages(); return true;
    default: return false;
  }
}

WORLD_EXPORT long sysconf(int name) {
  long value;
  return constant(name, &value) || world_of_processor(name, &value) ? value : REAL(sysconf)(name);
}

long __sysconf(int name);
WORLD_EXPORT long __sysconf(int name) {
  return sysconf(name);
}

long world_do_sysinfo(struct sysinfo *to) {
  world_count(LEDGER_NAMES, 1);
  memset(to, 0, sizeof *to);
  to->uptime = WORLD_BOOT_NS / WORLD_SECOND + world_now() / WORLD_SECOND;
  to->totalram = (unsigned long)MEMORY_GIB << 30;
  to->freeram = (unsigned long)MEMORY_GIB << 29;
  to->procs = 1;
  to->mem_unit = 1;
  return 0;
}

WORLD_EXPORT int sysinfo(struct sysinfo *to) { return (int)world_do_sysinfo(to); }

WORLD_EXPORT int getloadavg(double *to, int count) {
  world_count(LEDGER_CPU, 1);
  if (count > 3) count = 3;
  for (int i = 0; i < count; i++) to[i] = 0;
  return count;
}

/* ---- process ids ---- */

static pid_t own(long number) {
  return (pid_t)world_raw6(number, 0, 0, 0, 0, 0, 0);
}

WORLD_EXPORT pid_t getpid(void) {
  world_count(LEDGER_PID, 1);
  return own(SYS_getpid) + (pid_t)world.settings.pid_offset;
}

WORLD_EXPORT pid_t getppid(void) {
  world_count(LEDGER_PID, 1);
  return own(SYS_getppid) + (pid_t)world.settings.pid_offset;
}

WORLD_EXPORT int kill(pid_t pid, int signal) {
  pid_t self = own(SYS_getpid), offset = (pid_t)world.settings.pid_offset;
  if (offset && (pid == self + offset || pid == own(SYS_getppid) + offset)) pid -= offset;
  /* Whether another is there; or a word to whoever has this one for a child, at a moment of the machine's. */
  if (signal == 0 && pid != self) world_early_ask();
  if (signal != 0 && pid == own(SYS_getppid)) world_lacks_too(LACK_CHILDREN);
  int result = (int)world_result(world_raw6(SYS_kill, pid, signal, 0, 0, 0, 0));
  /* Another process has something to do now. */
  if (result == 0 && pid != self && signal != 0) world_patience_refill();
  /* A signal to the process is the first thread's; that one may be waiting in the schedule, where no signal comes. */
  if (result == 0 && !world_alone() && (pid == self || pid == 0 || pid == -1) && signal != 0 && world_handles(signal, 0))
    thread_interrupt_first();
  return result;
}
