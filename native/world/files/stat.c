/*
 * The many names of stat, the calls that set times, and what is said about a whole file system.
 */
#define _GNU_SOURCE
#include "files.h"
#include "world/threads/schedule.h"
#include <fcntl.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <time.h>
#include <utime.h>

_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "one layout for both");

long world_do_stat(int folder, const char *path, int flags, struct stat *status) {
  struct file file = { folder, path ? path : "", flags };
  return file_status(&file, status);
}

static int answer(int folder, const char *path, int flags, void *status) {
  return (int)world_result(world_do_stat(folder, path, flags, status));
}

#define STAT_FAMILY(suffix, type)                                                                                     \
  WORLD_EXPORT int stat##suffix(const char *restrict path, type *restrict to) {                                       \
    return answer(AT_FDCWD, path, 0, to);                                                                             \
  }                                                                                                                   \
  WORLD_EXPORT int lstat##suffix(const char *restrict path, type *restrict to) {                                      \
    return answer(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, to);                                                           \
  }                                                                                                                   \
  WORLD_EXPORT int fstat##suffix(int fd, type *to) {                                                                  \
    return answer(fd, "", AT_EMPTY_PATH, to);                                                                         \
  }                                                                                                                   \
  WORLD_EXPORT int fstatat##suffix(int folder, const char *restrict path, type *restrict to, int flags) {             \
    return answer(folder, path, flags, to);                                                                           \
  }                                                                                                                   \
  /* What programs linked against an older libc call. */                                                              \
  WORLD_EXPORT int __xstat##suffix(int version, const char *path, type *to);                                          \
  WORLD_EXPORT int __xstat##suffix(int version, const char *path, type *to) {                                         \
    return (void)version, answer(AT_FDCWD, path, 0, to);                                                              \
  }                                                                                                                   \
  WORLD_EXPORT int __lxstat##suffix(int version, const char *path, type *to);                                         \
  WORLD_EXPORT int __lxstat##suffix(int version, const char *path, type *to) {                                        \
    return (void)version, answer(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, to);                                            \
  }                                                                                                                   \
  WORLD_EXPORT int __fxstat##suffix(int version, int fd, type *to);                                                   \
  WORLD_EXPORT int __fxstat##suffix(int version, int fd, type *to) {                                                  \
    return (void)version, answer(fd, "", AT_EMPTY_PATH, to);                                                          \
  }                                                                                                                   \
  WORLD_EXPORT int __fxstatat##suffix(int version, int folder, const char *path, type *to, int flags);                \
  WORLD_EXPORT int __fxstatat##suffix(int version, int folder, const char *path, type *to, int flags) {               \
    return (void)version, answer(folder, path, flags, to);                                                            \
  }

STAT_FAMILY(, struct stat)
STAT_FAMILY(64, struct stat64)

static struct statx_timestamp timestamp(const struct timespec *time) {
  return (struct statx_timestamp){ .tv_sec = time->tv_sec, .tv_nsec = (uint32_t)time->tv_nsec };
}

long world_do_statx(int folder, const char *path, int flags, unsigned mask, struct statx *to) {
  if (!path) path = "";
  long error = world_own(SYS_statx, folder, path, flags, mask, to);
  if (error < 0) return error;
  struct stat status;
  struct file file = { folder, path, flags & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT) };
  if ((error = file_status(&file, &status)) < 0) return error;
  to->stx_atime = timestamp(&status.st_atim);
  to->stx_mtime = timestamp(&status.st_mtim);
  to->stx_ctime = timestamp(&status.st_ctim);
  struct timespec epoch = { world.settings.epoch_ns / WORLD_SECOND, world.settings.epoch_ns % WORLD_SECOND };
  to->stx_btime = timestamp(&epoch);
  to->stx_mode = (uint16_t)status.st_mode;
  to->stx_uid = status.st_uid;
  to->stx_gid = status.st_gid;
  to->stx_rdev_major = major(status.st_rdev);
  to->stx_rdev_minor = minor(status.st_rdev);
  to->stx_blksize = (uint32_t)status.st_blksize;
  /* Only some file systems say when a file was born. What else only some say is not said, nor the number of the mount. */
  to->stx_mask = STATX_BASIC_STATS | (mask & STATX_BTIME);
  to->stx_attributes = to->stx_attributes_mask = 0;
  memset(&to->stx_dev_minor + 1, 0, sizeof *to - offsetof(struct statx, stx_dev_minor) - sizeof to->stx_dev_minor);
  to->stx_ino = status.st_ino;
  to->stx_size = (uint64_t)status.st_size;
  to->stx_blocks = (uint64_t)status.st_blocks;
  to->stx_nlink = (uint32_t)status.st_nlink;
  to->stx_dev_major = major(status.st_dev);
  to->stx_dev_minor = minor(status.st_dev);
  return 0;
}

WORLD_EXPORT int statx(int folder, const char *restrict path, int flags, unsigned mask, struct statx *restrict to) {
  return (int)world_result(world_do_statx(folder, path, flags, mask, to));
}

/* ---- setting times: now is the logical now ---- */

static struct timespec logical_now(void) {
  int64_t now = world_clock_read(CLOCK_REALTIME);
  return (struct timespec){ now / WORLD_SECOND, now % WORLD_SECOND };
}

static int set_times(int folder, const char *path, const struct timespec times[2], int flags) {
  struct timespec now = { 0 }, set[2];
  if (!times || times[0].tv_nsec == UTIME_NOW || times[1].tv_nsec == UTIME_NOW) now = logical_now();
  for (int i = 0; i < 2; i++) set[i] = !times || times[i].tv_nsec == UTIME_NOW ? now : times[i];
  return (int)world_result(world_raw6(SYS_utimensat, folder, (long)path, (long)set, flags, 0, 0));
}

static int set_microseconds(int folder, const char *path, const struct timeval times[2], int flags) {
  if (!times) return set_times(folder, path, NULL, flags);
  struct timespec set[2];
  for (int i = 0; i < 2; i++) {
    if (times[i].tv_usec < 0 || times[i].tv_usec >= 1000000) return (int)world_result(-EINVAL);
    set[i] = (struct timespec){ times[i].tv_sec, times[i].tv_usec * 1000 };
  }
  return set_times(folder, path, set, flags);
}

WORLD_EXPORT int utimensat(int folder, const char *path, const struct timespec times[2], int flags) {
  return set_times(folder, path, times, flags);
}

WORLD_EXPORT int futimens(int fd, const struct timespec times[2]) {
  return set_times(fd, NULL, times, 0);
}

WORLD_EXPORT int utimes(const char *path, const struct timeval times[2]) {
  return set_microseconds(AT_FDCWD, path, times, 0);
}

WORLD_EXPORT int lutimes(const char *path, const struct timeval times[2]) {
  return set_microseconds(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

WORLD_EXPORT int futimes(int fd, const struct timeval times[2]) {
  return set_microseconds(fd, NULL, times, 0);
}

WORLD_EXPORT int futimesat(int folder, const char *path, const struct timeval times[2]) {
  return set_microseconds(folder, path, times, 0);
}

WORLD_EXPORT int utime(const char *path, const struct utimbuf *times) {
  if (!times) return set_times(AT_FDCWD, path, NULL, 0);
  struct timespec set[2] = { { times->actime, 0 }, { times->modtime, 0 } };
  return set_times(AT_FDCWD, path, set, 0);
}
