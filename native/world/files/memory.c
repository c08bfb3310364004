/*
 * Files without a name, and the paths by which programs reach them.
 *
 * memfd_create is refused by the wall: what is written to such a file is memory that no limit of a process sees. What it
 * is mostly used for is had without it: here it gives a file in /tmp that has no name either. So its bytes count where
 * all of /tmp's do, and nothing is allowed that was not.
 *
 * A sandbox has no /proc, so /proc/self/fd/N, /dev/fd/N and /dev/stdin lead nowhere, and a file without a name cannot be
 * opened or loaded by one. Opening such a path gives a copy of the descriptor, as it does on systems whose /dev/fd is no
 * link: the two share their position. Loading a library by one loads a copy of the file.
 */
#define _GNU_SOURCE
#include "descriptors.h"
#include "files.h"
#include "world/threads/schedule.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NAME_MOST = 249, CHUNK = 1 << 14, DESCRIPTORS_MOST = 1 << 20 };

static const unsigned known_flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;

WORLD_EXPORT int memfd_create(const char *name, unsigned flags) {
  if (!name) return (int)world_result(-EFAULT);
  /* Pages of another size, and seals from the start, are what a file in /tmp cannot have. */
  if (strlen(name) > NAME_MOST || (flags & ~known_flags)) return (int)world_result(-EINVAL);
  int closing = flags & MFD_CLOEXEC ? O_CLOEXEC : 0;
  return open("/tmp", O_TMPFILE | O_RDWR | closing, 0777);
}

/* The descriptor that a path names; -1 where it names none. */
static int named_descriptor(const char *path) {
  static const char *const folders[] = { "/proc/self/fd/", "/dev/fd/" };
  static const char *const streams[] = { "/dev/stdin", "/dev/stdout", "/dev/stderr" };
  for (int k = 0; path && k < (int)(sizeof streams / sizeof *streams); k++)
    if (strcmp(path, streams[k]) == 0) return k;
  for (unsigned k = 0; path && k < sizeof folders / sizeof *folders; k++) {
    size_t length = strlen(folders[k]);
    if (strncmp(path, folders[k], length) != 0) continue;
    const char *digit = path + length;
    int fd = 0;
    for (; *digit >= '0' && *digit <= '9' && fd < DESCRIPTORS_MOST; digit++) fd = 10 * fd + (*digit - '0');
    return digit == path + length || *digit ? -1 : fd;
  }
  return -1;
}

int descriptor_open(const char *path, int flags, int error) {
  /* A path that is to be made where it is missing: /dev is read-only. */
  int fd = error == ENOENT || error == EROFS ? named_descriptor(path) : -1;
  if (fd < 0) return -error;
  long held = world_raw6(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0);
  if (held < 0) return -ENOENT;
  int had = (int)held & O_ACCMODE, asked = flags & O_ACCMODE;
  if (had != O_RDWR && had != asked) return -EACCES;
  if ((flags & O_TRUNC) && asked != O_RDONLY) {
    long cut = world_raw6(SYS_ftruncate, fd, 0, 0, 0, 0, 0);
    /* A pipe has no length. */
    if (cut < 0 && cut != -EINVAL) return (int)cut;
  }
  long copy = world_raw6(SYS_fcntl, fd, flags & O_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, 0, 0, 0, 0);
  /* As a file that has just been opened; what has no position does not mind. */
  if (copy >= 0) world_raw6(SYS_lseek, copy, 0, SEEK_SET, 0, 0, 0);
  return (int)copy;
}

static bool copy_all(int from, int to) {
  char chunk[CHUNK];
  for (off_t at = 0;;) {
    long got = world_raw6(SYS_pread64, from, (long)chunk, sizeof chunk, at, 0, 0);
    if (got == 0) return true;
    if (got < 0 || world_raw6(SYS_pwrite64, to, (long)chunk, got, at, 0, 0) != got) return false;
    at += got;
  }
}

static void *load_copy(int fd, int mode, void *(*load)(const char *, int)) {
  static unsigned made;
  char path[64];
  snprintf(path, sizeof path, "/tmp/.library-%d-%u", (int)getpid(), __atomic_add_fetch(&made, 1, __ATOMIC_RELAXED));
  int to = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0700);
  bool whole = to >= 0 && copy_all(fd, to);
  if (to >= 0) close(to);
  /* What could not be copied the loader refuses in its own words. */
  void *library = load(whole ? path : "/proc/self/fd", mode);
  if (to >= 0) unlink(path);
  return library;
}

/*
 * The loader looks where the library that calls it says, and knows that one by the address it returns to. So the call is
 * the last that is done here: compilers make a jump of it, which leaves that address as it is.
 */
WORLD_EXPORT void *dlopen(const char *path, int mode) {
  void *(*load)(const char *, int) = REAL(dlopen);
  int fd = named_descriptor(path);
  if (WORLD_UNLIKELY(fd >= 0)) return load_copy(fd, mode, load);
  return load(path, mode);
}
