/*
 * A mapping of the kernel's own is changed as a whole or not at all: it refuses to be split, with EINVAL. How many pages it
 * has is said nowhere that a process without /proc could read, and they may be more than its loaded segment fills (Linux 6.1
 * maps two pages for one of code). So one page more is asked for until the kernel accepts. It cannot reach into a
 * neighbour: the size that is accepted first is the mapping's own, as each smaller one would split it.
 */
#ifndef SAMESEED_WORLD_WHOLE_MAPPING_H
#define SAMESEED_WORLD_WHOLE_MAPPING_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

enum { MAPPING_PAGE = 4096, MOST_PAGES = 16 };

/* Like mprotect, but the error is returned, negative. */
typedef long protect_call(uintptr_t at, size_t bytes, int protection);

/* Gives a mapping that holds at least so many bytes another protection; how many it has, or 0 where the kernel refuses. */
static inline size_t protect_whole(protect_call *protect, uintptr_t at, size_t bytes, int protection) {
  for (size_t size = bytes; size <= bytes + MOST_PAGES * MAPPING_PAGE; size += MAPPING_PAGE) {
    long result = protect(at, size, protection);
    if (result == 0) return size;
    if (result != -EINVAL) return 0;
  }
  return 0;
}

#endif
