/*
 * The vDSO is code the kernel maps into every process: clock reads and random numbers without a system call, which no
 * seccomp filter sees. libc calls it directly, and so do runtimes that have no libc. So the entry points themselves are
 * overwritten with a jump to this library. The pages are the process's own copy; a fork inherits them, an exec makes new
 * ones, which the next begin_process patches again.
 *
 * A kernel with CONFIG_MSEAL_SYSTEM_MAPPINGS does not allow it. Then libc's own functions are still ours, and what calls
 * the vDSO past them is not: the receipt says `vdso`.
 */
#include "vdso.h"
#include "whole_mapping.h"
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { PAGE = 4096, MORE_MOST = 8 * PAGE };

#if defined(__x86_64__)
#define VDSO(name) "__vdso_" name
void world_write_jump(uint8_t to[JUMP_BYTES], void *target) {
  static const uint8_t code[JUMP_BYTES] = { 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0 }; /* mov rax; jmp rax */
  memcpy(to, code, JUMP_BYTES);
  memcpy(to + 2, &target, sizeof target);
}
#elif defined(__aarch64__)
#define VDSO(name) "__kernel_" name
void world_write_jump(uint8_t to[JUMP_BYTES], void *target) {
  static const uint32_t code[2] = { 0x58000050, 0xd61f0200 }; /* ldr x16, .+8; br x16 */
  memcpy(to, code, sizeof code);
  memcpy(to + 8, &target, sizeof target);
}
#endif

/* The kernel's own: a buffer, or the question how large a state it needs, which is answered "there is none". */
static long do_getrandom(void *to, size_t length, unsigned flags, void *state, size_t state_bytes) {
  (void)flags, (void)state;
  if (!to && length == 0 && state_bytes == ~(size_t)0) return -ENOSYS;
  world_fill(to, length);
  return (long)length;
}

/* The same everywhere; the kernel's own code reads it from the pages that are taken away below. */
static long do_getres(clockid_t clock, struct timespec *to) { return world_raw6(SYS_clock_getres, clock, (long)to, 0, 0, 0, 0); }

#if defined(__x86_64__)
static long do_getcpu(unsigned *cpu, unsigned *node, void *cache) {
  (void)cache;
  return world_do_getcpu(cpu, node);
}
#endif

struct patch { const char *name; void *target; uint8_t *entry; uint8_t original[JUMP_BYTES]; };

static struct patch patches[] = {
  { .name = VDSO("clock_gettime"), .target = (void *)world_do_clock_gettime },
  { .name = VDSO("gettimeofday"), .target = (void *)world_do_gettimeofday },
  { .name = VDSO("getrandom"), .target = (void *)do_getrandom },
  { .name = VDSO("clock_getres"), .target = (void *)do_getres },
#if defined(__x86_64__)
  { .name = VDSO("time"), .target = (void *)world_do_time },
  { .name = VDSO("getcpu"), .target = (void *)do_getcpu },
#endif
};
enum { PATCHES = sizeof patches / sizeof patches[0] };

struct tables { const ElfW(Sym) *symbols; const char *names; uintptr_t bias; uintptr_t code_end; unsigned count; };

/* Both kinds of hash table tell how many symbols there are. */
static unsigned gnu_count(const uint32_t *hash) {
  uint32_t buckets = hash[0], first = hash[1], words = hash[2], last = 0;
  const uint32_t *bucket = (const uint32_t *)((const ElfW(Addr) *)(hash + 4) + words);
  for (uint32_t i = 0; i < buckets; i++)
    if (bucket[i] > last) last = bucket[i];
  if (last < first) return 0;
  const uint32_t *chain = bucket + buckets;
  while (!(chain[last - first] & 1)) last++;
  return last + 1;
}

static bool read_tables(uintptr_t base, struct tables *tables) {
  const ElfW(Ehdr) *header = (const void *)base;
  const ElfW(Phdr) *segments = (const void *)(base + header->e_phoff);
  const ElfW(Dyn) *dynamic = NULL;
  for (unsigned i = 0; i < header->e_phnum; i++) {
    if (segments[i].p_type == PT_LOAD) {
      tables->bias = base + segments[i].p_offset - segments[i].p_vaddr;
      tables->code_end = base + segments[i].p_offset + segments[i].p_memsz;
    }
    if (segments[i].p_type == PT_DYNAMIC) dynamic = (const void *)(base + segments[i].p_offset);
  }
  for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
    const void *at = (const void *)(tables->bias + dynamic->d_un.d_ptr);
    if (dynamic->d_tag == DT_SYMTAB) tables->symbols = at;
    if (dynamic->d_tag == DT_STRTAB) tables->names = at;
    if (dynamic->d_tag == DT_HASH) tables->count = ((const uint32_t *)at)[1];
    if (dynamic->d_tag == DT_GNU_HASH && tables->count == 0) tables->count = gnu_count(at);
  }
  return tables->symbols && tables->names && tables->count > 0;
}

static uint8_t *find_entry(const struct tables *tables, const char *name) {
  for (unsigned i = 1; i < tables->count; i++) {
    const ElfW(Sym) *symbol = &tables->symbols[i];
    if (symbol->st_shndx == SHN_UNDEF || strcmp(tables->names + symbol->st_name, name) != 0) continue;
    return (uint8_t *)(tables->bias + symbol->st_value);
  }
  return NULL;
}

/* An entry shorter than the jump may be followed by another one at once. */
static bool has_room(const struct tables *tables, const uint8_t *entry) {
  for (unsigned i = 1; i < tables->count; i++) {
    const uint8_t *other = (const uint8_t *)(tables->bias + tables->symbols[i].st_value);
    if (tables->symbols[i].st_shndx != SHN_UNDEF && other > entry && other < entry + JUMP_BYTES) return false;
  }
  return (uintptr_t)entry + JUMP_BYTES <= tables->code_end;
}

static void flush(uint8_t *entry) { __builtin___clear_cache((char *)entry, (char *)entry + JUMP_BYTES); }

static uintptr_t mapped_at, mapped_bytes;

static long protect(uintptr_t at, size_t bytes, int protection) {
  return world_raw6(SYS_mprotect, (long)at, (long)bytes, protection, 0, 0, 0);
}

static bool allow(int protection) { return protect(mapped_at, mapped_bytes, protection) == 0; }

void world_patch_vdso(void) {
  struct tables tables = { 0 };
  uintptr_t base = getauxval(AT_SYSINFO_EHDR);
  if (!base) return;            /* no fast paths: everything is a system call, and those are trapped */
  if (!read_tables(base, &tables)) {
    world.lacks |= LACK_VDSO;
    return;
  }
  mapped_at = base & ~(uintptr_t)(PAGE - 1);
  size_t code_bytes = ((tables.code_end + PAGE - 1) & ~(uintptr_t)(PAGE - 1)) - mapped_at;
  mapped_bytes = protect_whole(protect, mapped_at, code_bytes, PROT_READ | PROT_WRITE | PROT_EXEC);
  if (mapped_bytes == 0) {
    world.lacks |= LACK_VDSO;
    return;
  }
  for (unsigned i = 0; i < PATCHES; i++) {
    uint8_t *entry = find_entry(&tables, patches[i].name);
    if (!entry) continue;       /* this kernel does not have it */
    if (!has_room(&tables, entry)) {
      world.lacks |= LACK_VDSO;
      continue;
    }
    patches[i].entry = entry;
    memcpy(patches[i].original, entry, JUMP_BYTES);
    world_write_jump(entry, patches[i].target);
    flush(entry);
  }
  allow(PROT_READ | PROT_EXEC);
}

/*
 * Below its code the kernel maps the pages that the code reads: the real date stands in them, for whoever looks. Empty ones
 * take their place. How many there are differs between kernels; they are the only ones of their kind (not of memory), which
 * madvise refuses to call what every page of memory is already: inheritable on x86-64, where they count as a device's, and worth
 * a dump on arm64, where before Linux 6.13 they do not.
 */
#if defined(__x86_64__)
enum { IS_MEMORY = MADV_DOFORK };
#else
enum { IS_MEMORY = MADV_DODUMP };
#endif

static uintptr_t first_kernel_page(uintptr_t code) {
  uintptr_t first = code;
  while (world_raw6(SYS_madvise, (long)(first - PAGE), PAGE, IS_MEMORY, 0, 0, 0) == -EINVAL) first -= PAGE;
  return first;
}

size_t world_vdso_bytes(uintptr_t next) {
  if (!mapped_bytes) return 0;
  uintptr_t first = first_kernel_page(mapped_at), end = mapped_at + mapped_bytes;
  /* A kernel may map a page more than its code is told to have. */
  return (next >= end && next - end <= MORE_MOST ? next : end) - first;
}

void world_hide_kernel_pages(void) {
  uintptr_t code = getauxval(AT_SYSINFO_EHDR) & ~(uintptr_t)(PAGE - 1);
  if (!code || (world.settings.flags & WORLD_REAL_CLOCK)) return;
  uintptr_t first = first_kernel_page(code);
  if (first == code) return;    /* hidden already, by the process this one was forked from */
  long at = world_raw6(SYS_mmap, (long)first, (long)(code - first), PROT_READ,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (at != (long)first) world.lacks |= LACK_VDSO;
}

/* Puts the kernel's code back for one call. Only the audit's world with the machine's clock asks. */
int64_t world_vdso_monotonic(void) {
  struct timespec now = { 0, 0 };
  struct patch *patch = &patches[0];
  if (!patch->entry || !allow(PROT_READ | PROT_WRITE | PROT_EXEC)) return 0;
  memcpy(patch->entry, patch->original, JUMP_BYTES);
  flush(patch->entry);
  ((int (*)(clockid_t, struct timespec *))(void *)patch->entry)(CLOCK_MONOTONIC, &now);
  world_write_jump(patch->entry, patch->target);
  flush(patch->entry);
  allow(PROT_READ | PROT_EXEC);
  return now.tv_sec * WORLD_SECOND + now.tv_nsec;
}
