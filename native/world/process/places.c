/*
 * Where later mappings go.
 *
 * Below the linker the kernel maps pages of its own (the vDSO and what it reads), on one kernel more than on another or none, and
 * everything mapped later lies so much lower. A zygote makes up for that at its exec (native/zygote/layout.c) by the limit of its stack, so that
 * even the libraries it begins with lie alike everywhere. Whatever it begins is begun with the same limit for the moment of the exec.
 * Where that does not help, what is free above a line that does not depend on the kernel is taken before the program begins, so that at
 * least what it maps and loads itself has the same addresses.
 *
 * Nothing of libc may be called yet.
 */
#define _GNU_SOURCE
#include "stack.h"
#include "world/time/vdso.h"
#include "world/world.h"
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { PAGE = 4096, MIB = 1 << 20, TAKEN_MOST = 256 };

/* More than any kernel maps of its own: from 4 pages to some 10. */
#define KERNELS_MOST (256ul << 10)

/* 0: none. The first of the linker's list is the program, which lies far below. */
static uintptr_t lowest_library(void) {
  uintptr_t lowest = 0;
  if (!_r_debug.r_map) return 0;
  for (const struct link_map *library = _r_debug.r_map->l_next; library; library = library->l_next)
    if (library->l_addr && (!lowest || library->l_addr < lowest)) lowest = library->l_addr;
  return lowest;
}

static uintptr_t linker_end(void) {
  uintptr_t base = _r_debug.r_ldbase, end = 0;
  const ElfW(Ehdr) *header = (const void *)base;
  if (!base) return 0;
  const ElfW(Phdr) *segments = (const void *)(base + header->e_phoff);
  for (unsigned i = 0; i < header->e_phnum; i++)
    if (segments[i].p_type == PT_LOAD) end = base + segments[i].p_vaddr + segments[i].p_memsz;
  return (end + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
}

/* How much the kernel had mapped below the linker when the program began, and whether that is known. */
static size_t kernels;
static bool is_known;

WORLD_EXPORT bool sameseed_world_places(size_t *bytes, uintptr_t *end);
WORLD_EXPORT bool sameseed_world_places(size_t *bytes, uintptr_t *end) {
  *bytes = kernels;
  *end = linker_end();
  return is_known;
}

/* Older kernels that use five levels of pages put their own above the stack, where they move nothing. */
static bool is_above_stack(uintptr_t code) { return code > (uintptr_t)&code; }

static bool take_between(uintptr_t line, uintptr_t end, size_t bytes) {
  long at = world_raw6(SYS_mmap, 0, (long)bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at < 0) return false;
  if ((uintptr_t)at >= line && (uintptr_t)at < end) return true;
  world_raw6(SYS_munmap, at, (long)bytes, 0, 0, 0, 0);
  return false;
}

void world_even_out(void) {
  uintptr_t lowest = lowest_library(), code = getauxval(AT_SYSINFO_EHDR);
  size_t bytes_of_kernel = world_vdso_bytes(_r_debug.r_ldbase);
  is_known = !code || bytes_of_kernel;
  kernels = is_above_stack(code) ? 0 : bytes_of_kernel;
  if (!lowest || !bytes_of_kernel || kernels > KERNELS_MOST) return;
  /* The linker ends a page below a whole MiB, or as much higher as a zygote has made up for. */
  size_t higher = (linker_end() + PAGE) % MIB;
  uintptr_t line = lowest + kernels - higher - KERNELS_MOST;
  /* What is above that is no hole: a host lays out memory from below (vm.legacy_va_layout), and all that is free is up there. */
  uintptr_t end = linker_end() + KERNELS_MOST;
  int taken = 0;
  for (size_t bytes = MIB; bytes >= PAGE; bytes /= 2)
    while (taken < TAKEN_MOST && take_between(line, end, bytes)) taken++;
}

/* ---- the stack's limit at an exec ---- */

#if defined(__x86_64__)

/* Marked, because the filter lets no program set limits. A host's own may be lower; then `layout` is not held anyway. */
static void limit_stack(uint64_t bytes) {
  struct rlimit limit = { bytes, STACK_OF_EXEC };
  world_own(SYS_prlimit64, 0, RLIMIT_STACK, &limit, 0, 0);
}

void world_widen_stack(void) {
  if (world_places_large()) limit_stack(STACK_OF_EXEC - kernels);
}

void world_narrow_stack(void) {
  if (world_places_large()) limit_stack(STACK_BYTES);
}

void world_settle_stack(void) {
  pthread_attr_t threads;
  limit_stack(STACK_BYTES);
  /* libc gives threads stacks as large as the limit was at the exec. */
  if (pthread_attr_init(&threads) == 0 && pthread_attr_setstacksize(&threads, STACK_BYTES) == 0)
    pthread_setattr_default_np(&threads);
  if (is_known && linker_end() != STACK_LINE + kernels) world_lacks(LACK_LAYOUT);
}

#else

void world_widen_stack(void) {}
void world_narrow_stack(void) {}
void world_settle_stack(void) {}

#endif
