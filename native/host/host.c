/*
 * libhost.so stands in front of the C library in the host's world. A sandbox has no /proc, and the wall refuses memory
 * files, in either world. What programs mostly use them for they have all the same: `memfd_create` gives a file in /tmp,
 * /proc/self/fd/N and /dev/fd/N are opened and loaded, and /proc/self/exe leads to the program that runs. The code for that is
 * the sealed world's (native/world/files: memory.c, opens.c, program.c), and so is that for messages in several parts, which
 * the wall refuses, too (native/world/network/messages.c). Here is what those files ask of the rest of that world, as it is
 * where nothing is sealed.
 *
 * The wall refuses locks on files, too: they would be signals between sandboxes. They are had among the processes of one
 * (native/locks), as in the sealed world.
 *
 * It also keeps libc to two heaps: each is 64 MiB of addresses, however little of it is used, and a sandbox's are bounded.
 *
 * It says nothing about time or chance, and keeps nobody out. A program that is started without LD_PRELOAD does without it.
 */
#define _GNU_SOURCE
#include "locks/locks.h"
#include "no_core.h"
#include "world/files/files.h"
#include "world/process/process.h"
#include "world/threads/schedule.h"
#include "world/world.h"
#include <dlfcn.h>
#include <malloc.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* With a heap for each of its first threads a program of 512 MB could not begin an eighth. */
__attribute__((constructor)) static void begin_process(void) {
  leave_no_core();
  mallopt(M_ARENA_MAX, 2);
}

/* Threads run beside each other here; whichever writes last writes the same. */
void *world_real(void **slot, const char *name) {
  void *real = __atomic_load_n(slot, __ATOMIC_ACQUIRE);
  if (real) return real;
  real = dlsym(RTLD_NEXT, name);
  __atomic_store_n(slot, real, __ATOMIC_RELEASE);
  return real;
}

/* The machine's devices of chance are there. */
int world_open_device(const char *path, int flags) {
  (void)path, (void)flags;
  return NOT_A_DEVICE;
}

int world_open_chance(int flags) {
  (void)flags;
  return -ENOENT;
}

void files_asked(int folder, const char *path) { (void)folder, (void)path; }

bool chance_is_at(int folder, const char *path, int flags) {
  (void)folder, (void)path, (void)flags;
  return false;
}

int chance_open(int folder, const char *path, int flags, int error) {
  (void)folder, (void)path, (void)flags;
  return -error;
}

/* ---- locks ---- */

/* A descriptor of a timer's is the kernel's. */
unsigned world_timerfds;
void world_timerfd_closed(int fd) { (void)fd; }
void world_timerfds_closed(unsigned first, unsigned last) { (void)first, (void)last; }
void world_timerfd_copied(int from, int to) { (void)from, (void)to; }

void world_early_ask(void) {}
void world_note_refusal(void) {}

/* Asks again and again, a millisecond apart: who has a lock tells nobody when it is given back. */
enum world_outcome world_block(struct world_wait *wait) {
  const struct timespec pause = { .tv_nsec = 1000000 };
  while (!wait->attempt(wait->argument))
    if (world_raw6(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (long)&pause, 0, 0, 0) == -EINTR) return WAIT_INTERRUPTED;
  return WAIT_OVER;
}

WORLD_EXPORT pid_t fork(void) {
  pid_t pid = REAL(fork)();
  if (pid == 0 && locks_used) locks_forked();
  return pid;
}
