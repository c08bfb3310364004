/*
 * Can this library live in a program? Only where the dynamic linker of this C library starts it: a static program, or one
 * of another C library, would run with the machine's clock and entropy, or die at its first trapped call. So it is
 * refused before it starts, with the reason.
 *
 * A script is followed to its interpreter. What cannot be opened or is no program at all is the kernel's to refuse, with
 * its own words.
 */
#define _GNU_SOURCE
#include "world/world.h"
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/syscall.h>

enum { HEAD_BYTES = 4096, SCRIPTS_DEEP = 5, INTERPRETER_BYTES = 256, SEGMENTS_MOST = 64 };

#if defined(__x86_64__)
#define OUR_LINKER "ld-linux-x86-64.so.2"
#define OUR_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OUR_LINKER "ld-linux-aarch64.so.1"
#define OUR_MACHINE EM_AARCH64
#endif

static long read_at(long fd, void *to, size_t length, uint64_t offset) {
  return world_raw6(SYS_pread64, fd, (long)to, (long)length, (long)offset, 0, 0);
}

static const char *check_interpreter(long fd, const ElfW(Phdr) *segment) {
  char path[INTERPRETER_BYTES] = { 0 };
  size_t length = segment->p_filesz < sizeof path - 1 ? segment->p_filesz : sizeof path - 1;
  if (read_at(fd, path, length, segment->p_offset) != (long)length) return "its headers are damaged";
  const char *name = strrchr(path, '/');
  if (strcmp(name ? name + 1 : path, OUR_LINKER) != 0) return "it was built for another C library";
  return NULL;
}

static const char *check_elf(long fd, const uint8_t *head, long length) {
  const ElfW(Ehdr) *header = (const void *)head;
  ElfW(Phdr) segments[SEGMENTS_MOST];
  if (length < (long)sizeof *header) return NULL;
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != OUR_MACHINE) return "it was built for another machine";
  size_t bytes = header->e_phnum * sizeof segments[0];
  if (header->e_phnum > SEGMENTS_MOST || header->e_phentsize != sizeof segments[0]) return "its headers are damaged";
  if (read_at(fd, segments, bytes, header->e_phoff) != (long)bytes) return "its headers are damaged";
  for (unsigned i = 0; i < header->e_phnum; i++)
    if (segments[i].p_type == PT_INTERP) return check_interpreter(fd, &segments[i]);
  return "it is statically linked";
}

char *world_script_interpreter(char *head, long length) {
  if (length < 3 || head[0] != '#' || head[1] != '!') return NULL;
  head[length] = 0;
  char *from = head + 2 + strspn(head + 2, " \t");
  from[strcspn(from, " \t\n")] = 0;
  return from;
}

const char *world_unsealable(const char *path) {
  uint8_t head[HEAD_BYTES] __attribute__((aligned(8)));
  char script[HEAD_BYTES];
  for (int depth = 0; path && depth < SCRIPTS_DEEP; depth++) {
    long fd = world_raw6(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0, 0, 0);
    if (fd == -EACCES && world_raw6(SYS_faccessat, AT_FDCWD, (long)path, 1, 0, 0, 0) == 0) return "it cannot be read";
    if (fd < 0) return NULL;
    long length = read_at(fd, head, sizeof head - 1, 0);
    bool is_elf = length > 4 && memcmp(head, ELFMAG, SELFMAG) == 0;
    const char *reason = is_elf ? check_elf(fd, head, length) : NULL;
    world_raw6(SYS_close, fd, 0, 0, 0, 0, 0);
    char *next = is_elf ? NULL : world_script_interpreter((char *)head, length);
    if (!next) return reason;
    memcpy(script, next, strlen(next) + 1);
    path = script;
  }
  return NULL;
}
