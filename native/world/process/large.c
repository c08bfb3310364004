/*
 * Where large memory lies, and what is shared or a file's.
 *
 * A kernel with large pages begins some mappings of 2 MiB and more at a multiple of 2 MiB: from 6.7 on those whose length is such a
 * multiple, on some kernels (Ubuntu's 6.8 is one) all of them, older ones none. Arrays would have other addresses, and what is mapped
 * after them would lie elsewhere. What is shared, or a file of a file system in memory, is aligned by a setting of the host's. So where
 * addresses are fixed, this library has places of its own for them.
 *
 *   How        libc maps for itself, too, for large blocks of its heap, for stacks of threads. So the beginnings of its own `mmap` and
 *              `mremap` are written over with a jump, as the kernel's code is (time/vdso.c). No signal and no filter is in this, so
 *              it holds where a program blocks signals. The linker has a `mmap` of its own, which stays: libraries lie where the kernel
 *              puts them, and an image has none with parts so far from each other (src/image/page-alignment.ts).
 *   Places     follow one another, each at a multiple of 2 MiB, in a part of the address space that nothing else is given by
 *              a kernel. The last of them are tried again first, so that a loop that takes and gives back stays in one place.
 *   Growth     goes on where the memory lies, or else in a new place behind all others.
 *   Threads    may run beside each other, and a handler may interrupt this at any point, so nothing is locked: a new place is claimed
 *              before it is used, and the kernel refuses one that is taken.
 *
 * A hint holds where it is free, and MAP_FIXED and its like are the kernel's to answer.
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
/* What a kernel may align where it is shared, or a file's: from 6.11 on a host's settings say by how much. */
#define SOME (16ul << 10)
/* More than any limit has room for; looking at so much takes a tenth of a second. */
#define WALKED_MOST (64ul << 30)
enum { PAGE = 4096, REMEMBERED = 16, TRIES = 256, TRIES_OF_ONE_STEP = 16 };

static bool placing;
static uintptr_t next_place = FIRST;    /* nothing placed or grown lies above it */
static struct { uintptr_t at; size_t bytes; } places[REMEMBERED];
static unsigned remembered;

static size_t rounded(size_t bytes) { return (bytes + LARGE - 1) & ~(LARGE - 1); }

static bool fits(size_t bytes) { return bytes <= LAST - FIRST - LARGE; }

static bool exchange_next(uintptr_t *from, uintptr_t to) {
  return __atomic_compare_exchange_n(&next_place, from, to, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

static void passed_by(uintptr_t end) {
  uintptr_t next = __atomic_load_n(&next_place, __ATOMIC_RELAXED), wanted = rounded(end);
  while (next < wanted && !exchange_next(&next, wanted));
}

/*
 * A place that no other thread is given. After some that a program has taken itself they lie farther away each time, as what lies there
 * may be large. Behind the last comes the first: what was given back 48 TiB ago is free again.
 */
static uintptr_t claim(size_t bytes, unsigned tries) {
  size_t skipped = 0;
  uintptr_t next = __atomic_load_n(&next_place, __ATOMIC_RELAXED), place;
  if (tries >= TRIES_OF_ONE_STEP) skipped = bytes << tries / TRIES_OF_ONE_STEP;
  if (skipped >> tries / TRIES_OF_ONE_STEP != bytes) skipped = 0;
  do {
    place = next + skipped;
    if (skipped > LAST - FIRST || place > LAST - bytes) place = FIRST;
  } while (!exchange_next(&next, place + bytes));
  return place;
}

static void give_back(uintptr_t place, size_t bytes) {
  uintptr_t next = place + bytes;
  exchange_next(&next, place);
}

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
  for (unsigned i = 0; i < TRIES; i++) {
    uintptr_t to = claim(bytes, i);
    long at = map_at(to, a);
    if (at == -EEXIST) continue;
    if (at < 0) {
      give_back(to, bytes);
      return at;
    }
    places[remembered % REMEMBERED].at = to;
    places[remembered++ % REMEMBERED].bytes = bytes;
    return at;
  }
  return -EEXIST;
}

/* Of a kind that a kernel might align. MAP_FIXED and its like are its own to answer, and so is what says which flags it insists on. */
static bool is_ours(size_t bytes, int flags) {
  const int kernels = MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_32BIT | MAP_GROWSDOWN | MAP_HUGETLB;
  bool is_private = (flags & MAP_TYPE) == MAP_PRIVATE && (flags & MAP_ANONYMOUS);
  return bytes >= (is_private ? LARGE : SOME) && fits(bytes) && !(flags & kernels) && (flags & MAP_TYPE) != MAP_SHARED_VALIDATE;
}

static long place(const long a[6]) {
  long at = -EEXIST;
  if (is_ours((size_t)a[1], (int)a[3])) {
    /* A hint holds where there is room for it. */
    if (a[0]) at = map_at((uintptr_t)a[0] & ~(uintptr_t)(PAGE - 1), a);
    if (at < 0) at = map_again(a);
    if (at == -EEXIST) at = map_behind(a);
  }
  return at == -EEXIST ? world_raw6(SYS_mmap, a[0], a[1], a[2], a[3], a[4], a[5]) : at;
}

static void *map(void *hint, size_t bytes, int protection, int flags, int fd, off_t offset) {
  return (void *)world_result(place((const long[6]){ (long)hint, (long)bytes, protection, flags, fd, offset }));
}

long world_map(size_t bytes, int flags) {
  const long a[6] = { 0, (long)bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0 };
  return placing ? place(a) : world_raw6(SYS_mmap, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static long reserve(uintptr_t at, size_t bytes) {
  const long a[6] = { 0, (long)bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0 };
  return map_at(at, a);
}

static void release(uintptr_t at, size_t bytes) { world_raw6(SYS_munmap, (long)at, (long)bytes, 0, 0, 0, 0); }

static bool is_free(uintptr_t at, size_t bytes) {
  for (size_t done = 0; done < bytes; done += LARGE) {
    if (reserve(at + done, LARGE) < 0) return false;
    release(at + done, LARGE);
  }
  return true;
}

/*
 * A move replaces whatever is where it goes, so the place is reserved before. A limit may have no room for the memory twice; then it is
 * looked at bit by bit whether the place is free, and it is claimed.
 */
static long move_to(uintptr_t to, const long a[5]) {
  size_t bytes = ((size_t)a[2] + PAGE - 1) & ~(size_t)(PAGE - 1);
  long reserved = reserve(to, bytes);
  if (reserved == -EEXIST || (reserved < 0 && !is_free(to, bytes))) return -EEXIST;
  long at = world_raw6(SYS_mremap, a[0], a[1], a[2], MREMAP_MAYMOVE | MREMAP_FIXED, (long)to, 0);
  if (at < 0 && reserved >= 0) release(to, bytes);
  return at == -EEXIST ? -ENOMEM : at;
}

static long move(const long a[5]) {
  size_t bytes = rounded((size_t)a[2]);
  for (unsigned i = 0; i < TRIES && bytes <= WALKED_MOST; i++) {
    uintptr_t to = claim(bytes, i);
    long at = move_to(to, a);
    if (at == -EEXIST) continue;
    if (at < 0) give_back(to, bytes);
    return at;
  }
  return world_raw6(SYS_mremap, a[0], a[1], a[2], a[3], a[4], 0);
}

static long grow(const long a[5]) {
  size_t bytes = (size_t)a[2];
  bool may_move = a[3] == MREMAP_MAYMOVE && bytes >= SOME && fits(bytes);
  long at = world_raw6(SYS_mremap, a[0], a[1], a[2], may_move ? 0 : a[3], a[4], 0);
  /* Without an old length it is a second view of the same memory, which is never in the same place. */
  if (may_move && (at == -ENOMEM || (a[1] == 0 && at < 0))) return move(a);
  if (at >= (long)FIRST && at < (long)LAST && !(a[3] & MREMAP_FIXED)) passed_by((uintptr_t)at + bytes);
  return at;
}

static void *remap(void *old, size_t old_bytes, size_t bytes, int flags, void *to) {
  return (void *)world_result(grow((const long[5]){ (long)old, (long)old_bytes, (long)bytes, flags, (long)to }));
}

long world_remap(void *old, size_t old_bytes, size_t bytes) {
  const long a[5] = { (long)old, (long)old_bytes, (long)bytes, MREMAP_MAYMOVE };
  return placing ? grow(a) : world_raw6(SYS_mremap, a[0], a[1], a[2], a[3], 0, 0);
}

/* ---- libc's own functions ---- */

struct tables { uintptr_t base; const ElfW(Sym) *symbols; const char *names; const uint32_t *hash; };

static bool find_libc(struct tables *libc) {
  for (const struct link_map *library = _r_debug.r_map; library; library = library->l_next) {
    const char *name = library->l_name ? strrchr(library->l_name, '/') : NULL;
    if (!name || strncmp(name, "/libc.so.", 9) != 0) continue;
    *libc = (struct tables){ .base = library->l_addr };
    /* The linker has made addresses of these. */
    for (const ElfW(Dyn) *part = library->l_ld; part->d_tag != DT_NULL; part++) {
      if (part->d_tag == DT_SYMTAB) libc->symbols = (const void *)part->d_un.d_ptr;
      if (part->d_tag == DT_STRTAB) libc->names = (const void *)part->d_un.d_ptr;
      if (part->d_tag == DT_GNU_HASH) libc->hash = (const void *)part->d_un.d_ptr;
    }
    return libc->symbols && libc->names && libc->hash;
  }
  return false;
}

/*
 * By its name in libc's table: the address of a function as other code finds it may be a program's own, which stands in front of libc's
 * or has taken that address. The table: how many buckets, the first symbol in it, how many words of a filter; the filter; for each bucket
 * its first symbol; for each symbol its hash, whose lowest bit ends the bucket.
 */
static void *find_function(const struct tables *libc, const char *name) {
  uint32_t hash = 5381;
  for (const char *at = name; *at; at++) hash = hash * 33 + (uint8_t)*at;
  uint32_t buckets = libc->hash[0], first = libc->hash[1], words = libc->hash[2];
  const uint32_t *bucket = (const uint32_t *)((const ElfW(Addr) *)(libc->hash + 4) + words), *chain = bucket + buckets;
  for (uint32_t i = bucket[hash % buckets]; i >= first; i++) {
    const ElfW(Sym) *symbol = &libc->symbols[i];
    bool is_same = (chain[i - first] | 1) == (hash | 1) && strcmp(libc->names + symbol->st_name, name) == 0;
    if (is_same && symbol->st_shndx != SHN_UNDEF) return (void *)(libc->base + symbol->st_value);
    if (chain[i - first] & 1) break;
  }
  return NULL;
}

static bool redirect(void *function, void *target) {
  uintptr_t first = (uintptr_t)function & ~(uintptr_t)(PAGE - 1), last = ((uintptr_t)function + JUMP_BYTES - 1) & ~(uintptr_t)(PAGE - 1);
  long bytes = (long)(last - first + PAGE);
  /* libc's functions begin at multiples of 16, so a shorter one has the room, too. */
  if (!function || ((uintptr_t)function & 15)) return false;
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
  struct tables libc;
  placing = are_fixed(were_placed) && has_places() && find_libc(&libc) && redirect(find_function(&libc, "mmap"), (void *)map) &&
            redirect(find_function(&libc, "mremap"), (void *)remap);
  if (were_placed && !placing) world_lacks(LACK_LAYOUT);
}

bool world_places_large(void) { return placing; }

#else

long world_map(size_t bytes, int flags) {
  return world_raw6(SYS_mmap, 0, (long)bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
}
long world_remap(void *old, size_t old_bytes, size_t bytes) {
  return world_raw6(SYS_mremap, (long)old, (long)old_bytes, (long)bytes, MREMAP_MAYMOVE, 0, 0);
}
void world_place_large(bool were_placed) { (void)were_placed; }
bool world_places_large(void) { return false; }

#endif

/* Whether this process has places of its own for large memory. */
WORLD_EXPORT bool sameseed_world_places_large(void);
WORLD_EXPORT bool sameseed_world_places_large(void) { return world_places_large(); }
