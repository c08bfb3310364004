/*
 * The devices of chance, under whatever name a program reaches them.
 *
 * A sealed sandbox has none of the machine's. Where /dev/urandom and /dev/random would be lie two folders that nobody may
 * open (src/sandbox/zygote/bubblewrap-arguments.ts). An open of one of them, through a link, another folder or a name
 * with dots in it, fails, and the functions of this library then ask here whether it was one of the two. A call past
 * this library gets EACCES: never the machine's entropy.
 */
#define _GNU_SOURCE
#include "files.h"
#include "world/threads/schedule.h"
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { MEMORY_DEVICES = 1, RANDOM_MINOR = 8, URANDOM_MINOR = 9, PERMISSIONS = 07777 };

static bool is_closed_folder(const struct stat *status) {
  return S_ISDIR(status->st_mode) && (status->st_mode & PERMISSIONS) == 0;
}

static bool lies_at(const char *path, const struct stat *status) {
  struct stat there;
  if (world_raw6(SYS_newfstatat, AT_FDCWD, (long)path, (long)&there, AT_SYMLINK_NOFOLLOW, 0, 0) < 0) return false;
  return is_closed_folder(&there) && there.st_ino == status->st_ino && there.st_dev == status->st_dev;
}

bool chance_status(struct stat *status) {
  if (WORLD_LIKELY(!is_closed_folder(status))) return false;
  unsigned minor = lies_at("/dev/urandom", status) ? URANDOM_MINOR : lies_at("/dev/random", status) ? RANDOM_MINOR : 0;
  if (minor == 0) return false;
  status->st_mode = S_IFCHR | 0666;
  status->st_rdev = makedev(MEMORY_DEVICES, minor);
  status->st_nlink = 1;
  status->st_size = status->st_blocks = 0;
  return true;
}

bool chance_is_at(int folder, const char *path, int flags) {
  struct stat status;
  int nofollow = flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0;
  return world_raw6(SYS_newfstatat, folder, (long)path, (long)&status, nofollow, 0, 0) == 0 && chance_status(&status);
}

bool chance_is_named(int folder, const char *name) {
  return (strcmp(name, "urandom") == 0 || strcmp(name, "random") == 0) && chance_is_at(folder, name, O_NOFOLLOW);
}

int chance_open(int folder, const char *path, int flags, int error) {
  if ((error != EACCES && error != EISDIR) || !path || !chance_is_at(folder, path, flags)) return -error;
  return flags & O_DIRECTORY ? -ENOTDIR : world_open_chance(flags);
}

/* ---- whether they may be opened ---- */

static int ask_access(int folder, const char *path, int mode, int flags) {
  bool effective = flags & AT_EACCESS;
  files_asked(folder, path);
  int real = effective ? REAL(faccessat)(folder, path, mode, flags)
                       : (int)world_result(world_raw6(SYS_faccessat, folder, (long)path, mode, 0, 0, 0));
  if (real == 0 || errno != EACCES || (mode & X_OK) || !path || !chance_is_at(folder, path, 0)) return real;
  return 0;
}

WORLD_EXPORT int access(const char *path, int mode) { return ask_access(AT_FDCWD, path, mode, 0); }
WORLD_EXPORT int euidaccess(const char *path, int mode) { return ask_access(AT_FDCWD, path, mode, AT_EACCESS); }
WORLD_EXPORT int eaccess(const char *path, int mode) { return ask_access(AT_FDCWD, path, mode, AT_EACCESS); }

WORLD_EXPORT int faccessat(int folder, const char *path, int mode, int flags) {
  if (flags & ~AT_EACCESS) return REAL(faccessat)(folder, path, mode, flags);
  return ask_access(folder, path, mode, flags);
}
