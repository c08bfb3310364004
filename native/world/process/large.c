/*
 * Where large memory lies.
 *
 * A kernel with large pages begins some mappings of 2 MiB and more at a multiple of 2 MiB: from 6.7 on those whose length is such a
 * multiple, on some kernels (Ubuntu's 6.8 is one) all of them, older ones none. Arrays would have other addresses, and what is mapped
 * after them would lie elsewhere. So where addresses are fixed, this library has places of its own for them.
 *
 *   How        libc maps for itself, too, for large blocks of its heap, for stacks of threads. So the beginnings of its own `mmap` and
 *              `mremap` are written over with a jump, as the kernel's code is (time/vdso.c). No signal and no filter is in this, so
 *              it holds where a program blocks signals. The linker has a `mmap` of its own, which stays: libraries lie where the kernel
 *              puts them, and an image has none with parts so far from each other (src/image/page-alignment.ts).
 *   Places     follow one another, each at a multiple of 2 MiB, in a part of the address space that nothing else is given by
 *              a kernel. The last of them are tried again first, so that a loop that takes and gives back stays in one place.
 *   Growth     goes on where the memory lies, or else in a new place behind all others.
 *
 * Whatever has an address in mind (a hint, MAP_FIXED) is the kernel's to answer. Threads may run beside each other: nothing is locked, the
 * kernel itself refuses a place that is taken.
 *
 * Of x86-64: other architectures are compared with nothing.
 */
#define _GNU_SOURCE
#include "world/world.h"
#include "world/time/vdso.h"
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/syscall.h>

#if defined(__x86_64__)

/* Above a sanitizer's shadow, below where programs and their heaps lie. */
#define FIRST 0x200000000000ul
#define LAST 0x500000000000ul
#define LARGE (2ul << 20)
enum { PAGE = 4096, REMEMBERED = 16, TRIES = 1024 };

static bool placing;
static uintptr_t next_place = FIRST;    /* nothing placed or grown lies above it */
static struct { uintptr_t at; size_t bytes; } places[REMEMBERED];
static unsigned remembered;

static size_t rounded(size_t bytes) { return (bytes + LARGE - 1) & ~(LARGE - 1); }

static void passed_by(uintptr_t end) {
  uintptr_t next = __atomic_load_n(&next_place, __ATOMIC_RELAXED), wanted = rounded(end);
  while (next < wanted && !__atomic_compare_exchange_n(&next_place, &next, wanted, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

static bool has_room(uintptr_t at, size_t bytes) { return bytes <= LAST - FIRST && at <= LAST - bytes; }

static long map_at(uintptr_t at, const long a[6]) {
  return world_raw6(SYS_mmap, (long)at, a[1], a[2], a[3] | MAP_FIXED_NOREPLACE, a[4], a[5]);
}

static long map_again(const long a[6]) {
  for (unsigned i = 0; i < REMEMBERED; i++) {
    if (places[i].bytes < (size_t)a[1]) continue;
    long at = map_at(places[i].at, a);
    if (at != -EEXIST) return at;
  }
  return -EEXIST;
}

static long map_behind(const long a[6]) {
  size_t bytes = rounded((size_t)a[1]);
  uintptr_t to = __atomic_load_n(&next_place, __ATOMIC_RELAXED);
  for (unsigned i = 0; i < TRIES; i++, to += bytes) {
    /* 48 TiB later: what was given back long ago is free again. */
    if (!has_room(to, bytes)) to = FIRST;
    long at = map_at(to, a);
    if (at == -EEXIST) continue;
    if (at < 0) return at;
    places[remembered % REMEMBERED].at = to;
    places[remembered++ % REMEMBERED].bytes = bytes;
    passed_by(to + bytes);
    return at;
  }
  return -EEXIST;
}

static void *map(void *hint, size_t bytes, int protection, int flags, int fd, off_t offset) {
  const long a[6] = { (long)hint, (long)bytes, protection, flags, fd, offset };
  const int kernels = MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_32BIT | MAP_GROWSDOWN | MAP_HUGETLB;
  long at = -EEXIST;
  if (!hint && bytes >= LARGE && bytes <= LAST - FIRST && !(flags & kernels)) {
    at = map_again(a);
    if (at == -EEXIST) at = map_behind(a);
  }
  if (at == -EEXIST) at = world_raw6(SYS_mmap, a[0], a[1], a[2], a[3], a[4], a[5]);
  return (void *)world_result(at);
}

static bool reserves(uintptr_t at, size_t bytes) {
  const long a[6] = { 0, (long)bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0 };
  if (map_at(at, a) < 0) return false;
  world_raw6(SYS_munmap, (long)at, (long)bytes, 0, 0, 0, 0);
  return true;
}

/* A move replaces whatever is where it goes. A limit may have no room for the memory twice, so it is tried bit by bit then. */
static bool is_free(uintptr_t at, size_t bytes) {
  if (reserves(at, bytes)) return true;
  for (size_t done = 0; done < bytes; done += LARGE)
    if (!reserves(at + done, LARGE)) return false;
  return true;
}

static long move(const long a[5]) {
  size_t bytes = rounded((size_t)a[2]);
  uintptr_t to = __atomic_load_n(&next_place, __ATOMIC_RELAXED);
  for (unsigned i = 0; i < TRIES && has_room(to, bytes); i++, to += bytes) {
    if (!is_free(to, bytes)) continue;
    long at = world_raw6(SYS_mremap, a[0], a[1], a[2], MREMAP_MAYMOVE | MREMAP_FIXED, (long)to, 0);
    if (at >= 0) passed_by(to + bytes);
    return at;
  }
  return world_raw6(SYS_mremap, a[0], a[1], a[2], a[3], a[4], 0);
}

static void *remap(void *old, size_t old_bytes, size_t bytes, int flags, void *to) {
  const long a[5] = { (long)old, (long)old_bytes, (long)bytes, flags, (long)to };
  bool may_move = flags == MREMAP_MAYMOVE && bytes >= LARGE && bytes <= LAST - FIRST;
  long at = world_raw6(SYS_mremap, a[0], a[1], a[2], may_move ? 0 : flags, a[4], 0);
  /* Without an old length it is a second view of the same memory, which is never in the same place. */
  if (may_move && (at == -ENOMEM || (old_bytes == 0 && at < 0))) at = move(a);
  else if (at >= (long)FIRST && at < (long)LAST) passed_by((uintptr_t)at + bytes);
  return (void *)world_result(at);
}

/* Whether libc has it: some other library may stand in front of it. */
static bool is_libcs(const void *function) {
  for (const struct link_map *library = _r_debug.r_map; library; library = library->l_next) {
    const char *name = library->l_name ? strrchr(library->l_name, '/') : NULL;
    if (!name || strncmp(name, "/libc.so.", 9) != 0) continue;
    const ElfW(Ehdr) *header = (const void *)library->l_addr;
    const ElfW(Phdr) *segments = (const void *)(library->l_addr + header->e_phoff);
    uintptr_t at = (uintptr_t)function - library->l_addr;
    for (unsigned i = 0; i < header->e_phnum; i++)
      if (segments[i].p_type == PT_LOAD && (segments[i].p_flags & PF_X) && at - segments[i].p_vaddr < segments[i].p_memsz) return true;
  }
  return false;
}

static bool redirect(void *function, void *target) {
  uintptr_t first = (uintptr_t)function & ~(uintptr_t)(PAGE - 1), last = ((uintptr_t)function + JUMP_BYTES - 1) & ~(uintptr_t)(PAGE - 1);
  long bytes = (long)(last - first + PAGE);
  /* libc's functions begin at multiples of 16, so a shorter one has the room, too. */
  if (!is_libcs(function) || ((uintptr_t)function & 15)) return false;
  if (world_raw6(SYS_mprotect, (long)first, bytes, PROT_READ | PROT_WRITE | PROT_EXEC, 0, 0, 0) < 0) return false;
  world_write_jump(function, target);
  world_raw6(SYS_mprotect, (long)first, bytes, PROT_READ | PROT_EXEC, 0, 0, 0);
  return true;
}

/* A host whose programs have less room for addresses has none of these places. */
static bool has_places(void) { return is_free(FIRST, LARGE) && is_free(LAST - LARGE, LARGE); }

/* A sandbox may not ask for its personality; what began it knew. */
static bool are_fixed(bool were_placed) {
  long now = world_raw6(SYS_personality, 0xffffffff, 0, 0, 0, 0, 0);
  return now < 0 ? were_placed : (now & ADDR_NO_RANDOMIZE) != 0;
}

void world_place_large(bool were_placed) {
  placing = are_fixed(were_placed) && has_places() && redirect((void *)mmap, (void *)map) && redirect((void *)mremap, (void *)remap);
  if (were_placed && !placing) world_lacks(LACK_LAYOUT);
}

bool world_places_large(void) { return placing; }

#else

void world_place_large(bool were_placed) { (void)were_placed; }
bool world_places_large(void) { return false; }

#endif

/* Whether this process has places of its own for large memory. */
WORLD_EXPORT bool sameseed_world_places_large(void);
WORLD_EXPORT bool sameseed_world_places_large(void) { return world_places_large(); }
