/*
 * What is said about a whole file system: how large it is and how full depends on the machine, so it is a constant. The
 * kind, the length of names and whether it may be written stay true.
 */
#define _GNU_SOURCE
#include "files.h"
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>

enum { BLOCK = 4096, BLOCKS = 1 << 18, FILES = 1 << 16, KERNELS_OWN = 0x20 /* ST_VALID */ };

_Static_assert(sizeof(struct statfs) == sizeof(struct statfs64), "one layout for both");
_Static_assert(sizeof(struct statvfs) == sizeof(struct statvfs64), "one layout for both");

static long finish(long error, struct statfs *to) {
  world_count(LEDGER_STAT, 1);
  if (error < 0) return error;
  to->f_bsize = to->f_frsize = BLOCK;
  to->f_blocks = to->f_bfree = to->f_bavail = BLOCKS;
  to->f_files = to->f_ffree = FILES;
  memset(&to->f_fsid, 0, sizeof to->f_fsid);
  return 0;
}

long world_do_statfs(const char *path, struct statfs *to) {
  return finish(world_own(SYS_statfs, path, to, 0, 0, 0), to);
}

long world_do_fstatfs(int fd, struct statfs *to) {
  return finish(world_own(SYS_fstatfs, fd, to, 0, 0, 0), to);
}

static int of_path(const char *path, struct statfs *to) {
  return (int)world_result(world_do_statfs(path, to));
}

static int of_fd(int fd, struct statfs *to) {
  return (int)world_result(world_do_fstatfs(fd, to));
}

static int as_statvfs(int error, const struct statfs *from, struct statvfs *to) {
  if (error) return error;
  *to = (struct statvfs){
    .f_bsize = BLOCK, .f_frsize = BLOCK, .f_blocks = BLOCKS, .f_bfree = BLOCKS, .f_bavail = BLOCKS,
    .f_files = FILES, .f_ffree = FILES, .f_favail = FILES,
    .f_flag = (unsigned long)from->f_flags & ~(unsigned long)KERNELS_OWN, .f_namemax = (unsigned long)from->f_namelen,
  };
  return 0;
}

WORLD_EXPORT int statfs(const char *path, struct statfs *to) {
  return of_path(path, to);
}

WORLD_EXPORT int statfs64(const char *path, struct statfs64 *to) {
  return of_path(path, (struct statfs *)to);
}

WORLD_EXPORT int fstatfs(int fd, struct statfs *to) {
  return of_fd(fd, to);
}

WORLD_EXPORT int fstatfs64(int fd, struct statfs64 *to) {
  return of_fd(fd, (struct statfs *)to);
}

WORLD_EXPORT int statvfs(const char *restrict path, struct statvfs *restrict to) {
  struct statfs system;
  return as_statvfs(of_path(path, &system), &system, to);
}

WORLD_EXPORT int statvfs64(const char *restrict path, struct statvfs64 *restrict to) {
  return statvfs(path, (struct statvfs *)to);
}

WORLD_EXPORT int fstatvfs(int fd, struct statvfs *to) {
  struct statfs system;
  return as_statvfs(of_fd(fd, &system), &system, to);
}

WORLD_EXPORT int fstatvfs64(int fd, struct statvfs64 *to) {
  return fstatvfs(fd, (struct statvfs *)to);
}
