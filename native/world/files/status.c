/*
 * What stat says.
 *
 *   Times     What lies on a read-only file system (the image) is from the world's epoch. Elsewhere the kernel stamps files
 *             with the machine's clock, which it alone can read; such a stamp is replaced by the logical time at which
 *             it is first seen and written back, so that it stays until the file changes again. A stamp is the machine's
 *             when it is at most two days old: what a program sets itself is not near a clock it cannot read. ctime,
 *             which nobody can set, and an atime of the machine's follow mtime.
 *   Numbers   Devices are numbered in the order they are met, and so are pipes and sockets, whose inodes count all of the
 *             machine's, and the image's files, whose inodes are those of the disk they lie on. Blocks follow from the size;
 *             how many bytes to ask for at once is a constant.
 *   Owners    What is not the program's own is nobody's. Who owns the image is the host's, and so is the number that stands
 *             for whoever has none in the sandbox.
 */
#define _GNU_SOURCE
#include "files.h"
#include "world/threads/schedule.h"
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>

enum { BLOCK = 512, BLOCKS_OF_IO = 4096, FOLDER_BYTES = 4096, HOUR = 3600, DAY = 86400, LONG_AGO = 1577836800 /* 2020 */, NOBODY = 65534 };

/* The machine's time, from the stamp on a pipe made for it: reading the clock is not this library's to do. 0: unknown. */
static int64_t machine_seconds(void) {
  int ends[2];
  struct stat status = { 0 };
  if (world_raw6(SYS_pipe2, (long)ends, O_CLOEXEC, 0, 0, 0, 0) < 0) return 0;
  world_raw6(SYS_newfstatat, ends[0], (long)"", (long)&status, AT_EMPTY_PATH, 0, 0);
  world_raw6(SYS_close, ends[0], 0, 0, 0, 0, 0);
  world_raw6(SYS_close, ends[1], 0, 0, 0, 0, 0);
  return status.st_mtim.tv_sec;
}

/* The machine's time only grows, so an answer of before is often enough. */
static bool machines_own(const struct timespec *time) {
  static int64_t known;
  if (time->tv_sec < LONG_AGO) return false;
  if (known == 0 || time->tv_sec >= known + HOUR) known = machine_seconds();
  return known == 0 || (time->tv_sec > known - 2 * DAY && time->tv_sec < known + HOUR);
}

static struct timespec on_clock(int64_t at) {
  int64_t ns = world.settings.epoch_ns + at;
  return (struct timespec){ ns / WORLD_SECOND, ns % WORLD_SECOND };
}

/* Gives a changed file the time at which that is noticed. */
static void stamp(const struct file *file, struct stat *status) {
  world_advance(world_now() + world.settings.tick_ns);
  status->st_mtim = on_clock(world_now());
  struct timespec times[2] = { { 0, UTIME_OMIT }, status->st_mtim };
  if (machines_own(&status->st_atim)) times[0] = status->st_mtim;
  const char *path = file->path[0] ? file->path : NULL;
  int flags = path ? file->flags & AT_SYMLINK_NOFOLLOW : 0;
  if (world_raw6(SYS_utimensat, file->folder, (long)path, (long)times, flags, 0, 0) < 0) status->st_mtim = on_clock(0);
}

static void set_times(const struct file *file, struct stat *status) {
  if (S_ISFIFO(status->st_mode) || S_ISSOCK(status->st_mode) || S_ISCHR(status->st_mode) ||
      device_read_only(status->st_dev, file))
    status->st_mtim = status->st_atim = status->st_ctim = on_clock(0);
  else if (machines_own(&status->st_mtim)) stamp(file, status);
  if (machines_own(&status->st_atim)) status->st_atim = status->st_mtim;
  status->st_ctim = status->st_mtim;
  int64_t offset = world.settings.mtime_offset_ns;
  if (offset == 0) return;
  offset *= 1 + (int64_t)(status->st_ino % 7);
  int64_t ns = status->st_mtim.tv_nsec + offset % WORLD_SECOND;
  status->st_mtim.tv_sec += offset / WORLD_SECOND + (ns >= WORLD_SECOND) - (ns < 0);
  status->st_mtim.tv_nsec = (ns + WORLD_SECOND) % WORLD_SECOND;
}

static void set_owners(const struct file *file, struct stat *status) {
  bool foreign = S_ISCHR(status->st_mode) || device_read_only(status->st_dev, file);
  if (foreign || status->st_uid != world_raw6(SYS_getuid, 0, 0, 0, 0, 0, 0)) status->st_uid = NOBODY;
  if (foreign || status->st_gid != world_raw6(SYS_getgid, 0, 0, 0, 0, 0, 0)) status->st_gid = NOBODY;
}

static void set_numbers(const struct file *file, struct stat *status) {
  bool image = device_read_only(status->st_dev, file);
  if (S_ISDIR(status->st_mode) && image) status->st_size = FOLDER_BYTES;
  // How many images of the host's store have a file in common is nothing of this one.
  if (image) status->st_nlink = 1;
  if (S_ISREG(status->st_mode) || S_ISDIR(status->st_mode)) status->st_blocks = (status->st_size + BLOCK - 1) / BLOCK;
  if (image) status->st_ino = image_inode(status->st_dev, status->st_ino);
  else if (S_ISFIFO(status->st_mode) || S_ISSOCK(status->st_mode))
    status->st_ino = nameless_inode(status->st_dev, status->st_ino);
  status->st_ino += world.settings.inode_offset;
  status->st_dev = device_number(status->st_dev);
}

long file_status(const struct file *file, struct stat *status) {
  world_count(LEDGER_STAT, 1);
  files_asked(file->folder, file->path);
  long error = world_raw6(SYS_newfstatat, file->folder, (long)file->path, (long)status, file->flags, 0, 0);
  if (error < 0) return error;
  chance_status(status);
  status->st_blksize = BLOCKS_OF_IO;
  set_times(file, status);
  set_owners(file, status);
  set_numbers(file, status);
  return 0;
}
