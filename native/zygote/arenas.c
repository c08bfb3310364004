/*
 * Python's small objects in one place.
 *
 * The interpreter takes arenas of 1 MiB wherever the kernel puts them, between the libraries that imports load. A fork
 * copies one page table entry for each of their 4 KiB pages, and an exit takes each back. Laid side by side they can be
 * collapsed into 2 MiB pages, which are copied as one entry and split only where a child writes (measured on a 2-core
 * VM, interleaved: an empty sandbox's CPU time 3.00 -> 2.68 ms, a 20-step rollout's 7.05 -> 6.87 ms).
 *
 * The region holds what the zygote needs and no more: its tail is given back before the first fork, so that a child's
 * own arenas are new mappings and count against its address space.
 */
#include "zygote.h"
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

#define HUGE_BYTES (2ul << 20)
#define REGION_BYTES (512ul << 20)
enum { FREED_MOST = 512 };

static char *region, *next_arena, *region_end;
static void *freed[FREED_MOST];
static int freed_count;
static size_t freed_bytes;

static void *take_arena(void *context, size_t size) {
  (void)context;
  if (freed_count > 0 && size == freed_bytes) return freed[--freed_count];
  if ((size_t)(region_end - next_arena) >= size) {
    void *arena = next_arena;
    next_arena += size;
    return arena;
  }
  void *arena = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return arena == MAP_FAILED ? NULL : arena;
}

static void give_arena_back(void *context, void *arena, size_t size) {
  (void)context;
  if ((char *)arena < region || (char *)arena >= region_end) {
    munmap(arena, size);
    return;
  }
  madvise(arena, size, MADV_DONTNEED);
  if (freed_count == 0) freed_bytes = size;
  if (freed_count < FREED_MOST && size == freed_bytes) freed[freed_count++] = arena;
}

void arenas_install(void) {
  char *mapped = mmap(NULL, REGION_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return;
  region = next_arena = (char *)(((uintptr_t)mapped + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1));
  region_end = mapped + REGION_BYTES;
  PyObjectArenaAllocator allocator = { NULL, take_arena, give_arena_back };
  PyObject_SetArenaAllocator(&allocator);
}

static void collapse(uintptr_t from, uintptr_t to) {
  /* A host that has no huge pages to give leaves small ones; nothing depends on it. */
  for (uintptr_t at = (from + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1); at + HUGE_BYTES <= to; at += HUGE_BYTES)
    madvise((void *)at, HUGE_BYTES, MADV_COLLAPSE);
}

static void collapse_heap(void) {
  char line[512];
  unsigned long from, to;
  FILE *maps = fopen("/proc/self/maps", "re");
  if (!maps) return;
  while (fgets(line, sizeof line, maps))
    if (strstr(line, "[heap]") && sscanf(line, "%lx-%lx", &from, &to) == 2) collapse(from, to);
  fclose(maps);
}

void arenas_settle(void) {
  collapse_heap();
  if (!region) return;
  char *used = (char *)(((uintptr_t)next_arena + HUGE_BYTES - 1) & ~(HUGE_BYTES - 1));
  if (used < region_end) {
    munmap(used, (size_t)(region_end - used));
    region_end = used;
  }
  collapse((uintptr_t)region, (uintptr_t)region_end);
}
