/* The kernel's own fast paths, replaced; and what the world answers as the kernel would (-errno). */
#ifndef SAMESEED_WORLD_VDSO_H
#define SAMESEED_WORLD_VDSO_H

#include "world/world.h"
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>

int64_t world_vdso_monotonic(void); /* the machine's CLOCK_MONOTONIC in nanoseconds; 0 where it cannot be read */

size_t world_vdso_bytes(uintptr_t next); /* how much the kernel mapped, code and pages; what may begin right behind it */

void world_hide_kernel_pages(void); /* the pages in which the real date stands; not where the world's clock is real */

/* A jump to a function, written over the first instructions of another. */
#if defined(__x86_64__)
enum { JUMP_BYTES = 12 };
#else
enum { JUMP_BYTES = 16 };
#endif
void world_write_jump(uint8_t to[JUMP_BYTES], void *target);

/* clock.c */
long world_do_clock_gettime(clockid_t clock, struct timespec *to);
long world_do_gettimeofday(struct timeval *to, struct timezone *zone);
long world_do_time(time_t *to);
long world_do_getrusage(int who, struct rusage *to);
long world_do_times(struct tms *to);
long world_do_getcpu(unsigned *cpu, unsigned *node);

/* waits.c */
long world_do_sleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left);

#endif
