/*
 * libc's functions for directories, in the order that dirents.c makes.
 *
 * A DIR of this library holds the whole directory: it is read when the first entry is asked for and given out from memory;
 * a position is a number of entries. The records stay as the kernel wrote them, which is also how libc's struct dirent
 * lies in memory on 64-bit machines. glob, ftw and fts read directories inside libc, by a call that the filter catches.
 */
#define _GNU_SOURCE
#include "dirents.h"
#include "world/threads/schedule.h"
#include "world/world.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

struct __dirstream {
  int fd;
  bool loaded;
  struct dirents all;
  size_t position;
};

static void unload(DIR *dir) {
  dirents_free(&dir->all);
  *dir = (DIR){ .fd = dir->fd };
}

static int load(DIR *dir) {
  if (dir->loaded) return 0;
  long error = dirents_read(dir->fd, &dir->all);
  dir->loaded = error == 0;
  return (int)-error;
}

/* ---- libc's functions ---- */

static DIR *fail(int error) {
  errno = error;
  return NULL;
}

static DIR *stream(int fd) {
  world_count(LEDGER_LISTING, 1);
  DIR *dir = calloc(1, sizeof *dir);
  if (!dir) return fail(ENOMEM);
  dir->fd = fd;
  return dir;
}

static DIR *open_at(int folder, const char *path) {
  long fd = world_raw6(SYS_openat, folder, (long)path, O_RDONLY | O_NONBLOCK | O_DIRECTORY | O_CLOEXEC, 0, 0, 0);
  if (fd < 0) return fail((int)-fd);
  DIR *dir = stream((int)fd);
  if (!dir) world_raw6(SYS_close, fd, 0, 0, 0, 0, 0);
  return dir;
}

WORLD_EXPORT DIR *opendir(const char *path) {
  return open_at(AT_FDCWD, path);
}

WORLD_EXPORT DIR *fdopendir(int fd) {
  struct stat status;
  long error = world_raw6(SYS_newfstatat, fd, (long)"", (long)&status, AT_EMPTY_PATH, 0, 0);
  if (error < 0) return fail((int)-error);
  return S_ISDIR(status.st_mode) ? stream(fd) : fail(ENOTDIR);
}

WORLD_EXPORT struct dirent64 *readdir64(DIR *dir) {
  int error = load(dir);
  if (error) errno = error;
  return error || dir->position >= dir->all.count ? NULL : dir->all.entries[dir->position++];
}

WORLD_EXPORT struct dirent *readdir(DIR *dir) {
  return (struct dirent *)readdir64(dir);
}

static int read_into(DIR *dir, struct dirent64 *entry, struct dirent64 **result) {
  int error = load(dir);
  *result = NULL;
  if (error || dir->position >= dir->all.count) return error;
  const struct dirent64 *next = dir->all.entries[dir->position++];
  memcpy(entry, next, next->d_reclen < sizeof *entry ? next->d_reclen : sizeof *entry);
  *result = entry;
  return 0;
}

WORLD_EXPORT int readdir64_r(DIR *restrict dir, struct dirent64 *restrict entry, struct dirent64 **restrict result) {
  return read_into(dir, entry, result);
}

WORLD_EXPORT int readdir_r(DIR *restrict dir, struct dirent *restrict entry, struct dirent **restrict result) {
  return read_into(dir, (struct dirent64 *)entry, (struct dirent64 **)result);
}

static long dispose(DIR *dir) {
  int fd = dir->fd;
  unload(dir);
  free(dir);
  return world_raw6(SYS_close, fd, 0, 0, 0, 0, 0);
}

WORLD_EXPORT int closedir(DIR *dir) {
  return (int)world_result(dispose(dir));
}

WORLD_EXPORT void rewinddir(DIR *dir) {
  world_raw6(SYS_lseek, dir->fd, 0, SEEK_SET, 0, 0, 0);
  unload(dir);
}

WORLD_EXPORT void seekdir(DIR *dir, long position) {
  if (load(dir) == 0) dir->position = (size_t)position < dir->all.count ? (size_t)position : dir->all.count;
}

WORLD_EXPORT long telldir(DIR *dir) {
  return (long)dir->position;
}

WORLD_EXPORT int dirfd(DIR *dir) {
  return dir->fd;
}

/* ---- scandir ---- */

typedef int choose64(const struct dirent64 *);
typedef int compare64(const struct dirent64 **, const struct dirent64 **);

static struct dirent64 *copy(const struct dirent64 *entry) {
  struct dirent64 *copied = malloc(entry->d_reclen);
  return copied ? memcpy(copied, entry, entry->d_reclen) : NULL;
}

static int scan(DIR *dir, struct dirent64 ***list, choose64 *choose, compare64 *compare) {
  int error = dir ? load(dir) : errno;
  struct dirent64 **chosen = error ? NULL : malloc((dir->all.count + 1) * sizeof *chosen);
  size_t count = 0;
  if (!error && !chosen) error = ENOMEM;
  for (size_t i = 0; !error && i < dir->all.count; i++) {
    if (choose && !choose(dir->all.entries[i])) continue;
    if (!(chosen[count] = copy(dir->all.entries[i]))) error = ENOMEM;
    else count++;
  }
  if (dir) dispose(dir);
  if (error) {
    while (count > 0) free(chosen[--count]);
    free(chosen);
    errno = error;
    return -1;
  }
  if (compare) qsort(chosen, count, sizeof *chosen, (int (*)(const void *, const void *))compare);
  *list = chosen;
  return (int)count;
}

WORLD_EXPORT int scandirat64(int folder, const char *restrict path, struct dirent64 ***restrict list, choose64 *choose,
                             compare64 *compare) {
  return scan(open_at(folder, path), list, choose, compare);
}

WORLD_EXPORT int scandir64(const char *restrict path, struct dirent64 ***restrict list, choose64 *choose, compare64 *compare) {
  return scandirat64(AT_FDCWD, path, list, choose, compare);
}

WORLD_EXPORT int scandirat(int folder, const char *restrict path, struct dirent ***restrict list,
                           int (*choose)(const struct dirent *),
                           int (*compare)(const struct dirent **, const struct dirent **)) {
  return scandirat64(folder, path, (struct dirent64 ***)list, (choose64 *)choose, (compare64 *)compare);
}

WORLD_EXPORT int scandir(const char *restrict path, struct dirent ***restrict list, int (*choose)(const struct dirent *),
                         int (*compare)(const struct dirent **, const struct dirent **)) {
  return scandirat(AT_FDCWD, path, list, choose, compare);
}
