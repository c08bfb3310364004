/*
 * Files as messages. What lies where a sandbox may write can be made or changed by a child at any moment. A process that looks
 * there while it has one asks something that real time decides (process/racing.c). The image's files never change, and what
 * comes over a pipe or a socket is waited for (threads/io.c).
 */
#define _GNU_SOURCE
#include "files.h"
#include "world/threads/schedule.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { READ_ONLY = 1 /* ST_RDONLY */ };

static bool may_change(int fd) {
  struct stat status;
  struct statfs system;
  if (world_raw6(SYS_newfstatat, fd, (long)"", (long)&status, AT_EMPTY_PATH, 0, 0) < 0) return false;
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return false;
  return world_own(SYS_fstatfs, fd, &system, 0, 0, 0) == 0 && !(system.f_flags & READ_ONLY);
}

/* What the path names, or where it would be made: the nearest folder that is there. */
static long nearest(int folder, const char *path) {
  char name[PATH_MAX];
  size_t length = strlen(path);
  if (length >= sizeof name) return -ENAMETOOLONG;
  memcpy(name, path, length + 1);
  for (;;) {
    long fd = world_raw6(SYS_openat, folder, (long)(length ? name : "."), O_PATH | O_CLOEXEC, 0, 0, 0);
    if (fd >= 0 || length == 0 || (length == 1 && name[0] == '/')) return fd;
    while (length > 1 && name[length - 1] == '/') length--;
    while (length > 0 && name[length - 1] != '/') length--;
    name[length] = 0;
  }
}

void files_asked(int folder, const char *path) {
  if (WORLD_LIKELY(world.racing != RACE_CHILDREN) || (world.lacks & LACK_CHILDREN)) return;
  bool is_named = path && path[0];
  long fd = is_named ? nearest(folder, path) : folder;
  if (fd < 0) return;
  if (may_change((int)fd)) world_early_ask();
  if (is_named) world_raw6(SYS_close, fd, 0, 0, 0, 0, 0);
}

/* ---- functions that this library has nothing else to say about ---- */

WORLD_EXPORT ssize_t pread(int fd, void *to, size_t count, off_t at) {
  files_asked(fd, NULL);
  return REAL(pread)(fd, to, count, at);
}

WORLD_EXPORT ssize_t pread64(int fd, void *to, size_t count, off64_t at) {
  return pread(fd, to, count, at);
}

/* Where a folder ends, and whether it has holes, is the file system's; its places are this world's (dirents.c). */
static bool is_folder(int fd) {
  struct stat status;
  return world_raw6(SYS_newfstatat, fd, (long)"", (long)&status, AT_EMPTY_PATH, 0, 0) == 0 && S_ISDIR(status.st_mode);
}

WORLD_EXPORT off_t lseek(int fd, off_t to, int whence) {
  if (whence != SEEK_SET) files_asked(fd, NULL);
  if (whence != SEEK_SET && whence != SEEK_CUR && is_folder(fd)) return world_result(-EINVAL);
  return REAL(lseek)(fd, to, whence);
}

WORLD_EXPORT off64_t lseek64(int fd, off64_t to, int whence) {
  return lseek(fd, to, whence);
}

/* What only one of several can make, or take away, is a lock among them; and what is changed may not be there yet. */
#define ASKS(result, name, folder, path, parameters, ...) \
  WORLD_EXPORT result name parameters {                   \
    files_asked(folder, path);                            \
    return REAL(name)(__VA_ARGS__);                       \
  }

ASKS(int, mkdir, AT_FDCWD, path, (const char *path, mode_t mode), path, mode)
ASKS(int, mkdirat, folder, path, (int folder, const char *path, mode_t mode), folder, path, mode)
ASKS(int, rmdir, AT_FDCWD, path, (const char *path), path)
ASKS(int, unlink, AT_FDCWD, path, (const char *path), path)
ASKS(int, unlinkat, folder, path, (int folder, const char *path, int flags), folder, path, flags)
ASKS(int, link, AT_FDCWD, to, (const char *from, const char *to), from, to)
ASKS(int, symlink, AT_FDCWD, path, (const char *text, const char *path), text, path)
ASKS(int, symlinkat, folder, path, (const char *text, int folder, const char *path), text, folder, path)
ASKS(int, rename, AT_FDCWD, from, (const char *from, const char *to), from, to)
ASKS(int, renameat, folder, from, (int folder, const char *from, int other, const char *to), folder, from, other, to)
ASKS(int, chmod, AT_FDCWD, path, (const char *path, mode_t mode), path, mode)
ASKS(int, fchmodat, folder, path, (int folder, const char *path, mode_t mode, int flags), folder, path, mode, flags)
ASKS(int, truncate, AT_FDCWD, path, (const char *path, off_t bytes), path, bytes)
ASKS(int, truncate64, AT_FDCWD, path, (const char *path, off64_t bytes), path, bytes)
