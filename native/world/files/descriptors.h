/*
 * Descriptors that stand for something of this library's: timers, and files with locks on them.
 */
#ifndef SAMESEED_WORLD_DESCRIPTORS_H
#define SAMESEED_WORLD_DESCRIPTORS_H

#include <stdbool.h>

/* As the kernel answers; for callers past libc's functions. */
long world_do_close(int fd);
long world_do_dup(int from);
long world_do_dup3(int from, int to, int flags);
long world_do_close_range(unsigned first, unsigned last, unsigned flags);
long world_do_eventfd(unsigned count, int flags);

#endif
