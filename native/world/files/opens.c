/*
 * Opening files: the machine's devices of chance are this world's (devices.c). Every other path is the wall's business; a
 * sandbox has no /proc and no /sys that could tell of the machine.
 */
#define _GNU_SOURCE
#include "files.h"
#include "world/threads/schedule.h"
#include "world/world.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The mode follows only where a file may be made. */
#define MODE_AFTER(flags)                                                                                             \
  ({                                                                                                                  \
    mode_t mode_ = 0;                                                                                                 \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                            \
      va_list rest_;                                                                                                  \
      va_start(rest_, flags);                                                                                         \
      mode_ = va_arg(rest_, mode_t);                                                                                  \
      va_end(rest_);                                                                                                  \
    }                                                                                                                 \
    mode_;                                                                                                            \
  })

/* What this world has where the sandbox has nothing that may be opened: a descriptor, or -errno. */
static int instead(int folder, const char *path, int flags, int error) {
  const char *own = program_named(path, error);
  if (own) return (int)world_raw6(SYS_openat, AT_FDCWD, (long)own, flags, 0, 0, 0);
  int fd = descriptor_open(path, flags, error);
  return fd == -error ? chance_open(folder, path, flags, error) : fd;
}

/* Through libc, because opening a pipe by name waits, and waiting threads can be cancelled. */
static int open_path(int folder, const char *path, int flags, mode_t mode) {
  files_asked(folder, path);
  int device = world_open_device(path, flags);
  if (device != NOT_A_DEVICE) return (int)world_result(device);
  int fd = REAL(openat64)(folder, path, flags, mode);
  return WORLD_LIKELY(fd >= 0) ? fd : (int)world_result(instead(folder, path, flags, errno));
}

long world_do_openat(int folder, const char *path, int flags, unsigned mode) {
  files_asked(folder, path);
  int device = world_open_device(path, flags);
  if (device != NOT_A_DEVICE) return device;
  long fd = world_raw6(SYS_openat, folder, (long)path, flags, mode, 0, 0);
  return fd >= 0 ? fd : instead(folder, path, flags, (int)-fd);
}

WORLD_EXPORT int open(const char *path, int flags, ...) {
  return open_path(AT_FDCWD, path, flags, MODE_AFTER(flags));
}

WORLD_EXPORT int open64(const char *path, int flags, ...) {
  return open_path(AT_FDCWD, path, flags, MODE_AFTER(flags));
}

WORLD_EXPORT int openat(int folder, const char *path, int flags, ...) {
  return open_path(folder, path, flags, MODE_AFTER(flags));
}

WORLD_EXPORT int openat64(int folder, const char *path, int flags, ...) {
  return open_path(folder, path, flags, MODE_AFTER(flags));
}

WORLD_EXPORT int creat(const char *path, mode_t mode) {
  return open_path(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

WORLD_EXPORT int creat64(const char *path, mode_t mode) {
  return creat(path, mode);
}

int __open_2(const char *path, int flags);
WORLD_EXPORT int __open_2(const char *path, int flags) {
  return open_path(AT_FDCWD, path, flags, 0);
}

int __open64_2(const char *path, int flags);
WORLD_EXPORT int __open64_2(const char *path, int flags) {
  return open_path(AT_FDCWD, path, flags, 0);
}

int __openat_2(int folder, const char *path, int flags);
WORLD_EXPORT int __openat_2(int folder, const char *path, int flags) {
  return open_path(folder, path, flags, 0);
}

int __openat64_2(int folder, const char *path, int flags);
WORLD_EXPORT int __openat64_2(int folder, const char *path, int flags) {
  return open_path(folder, path, flags, 0);
}

/* ---- streams ---- */

static int flags_of(const char *mode) {
  int flags = strchr(mode, '+') ? O_RDWR : mode[0] == 'r' ? O_RDONLY : O_WRONLY;
  return strchr(mode, 'e') ? flags | O_CLOEXEC : flags;
}

static FILE *stream_of(int device, const char *mode) {
  if (world_result(device) < 0) return NULL;
  FILE *stream = fdopen(device, mode);
  if (!stream) close(device);
  return stream;
}

WORLD_EXPORT FILE *fopen64(const char *restrict path, const char *restrict mode) {
  files_asked(AT_FDCWD, path);
  int device = world_open_device(path, flags_of(mode));
  if (device != NOT_A_DEVICE) return stream_of(device, mode);
  FILE *stream = REAL(fopen64)(path, mode);
  if (WORLD_LIKELY(stream != NULL)) return stream;
  return stream_of(instead(AT_FDCWD, path, flags_of(mode), errno), mode);
}

WORLD_EXPORT FILE *fopen(const char *restrict path, const char *restrict mode) {
  return fopen64(path, mode);
}

/* libc opens inside itself, and closes the stream where that fails: it is given something that opens. */
WORLD_EXPORT FILE *freopen64(const char *restrict path, const char *restrict mode, FILE *restrict stream) {
  int device = path ? world_open_device(path, flags_of(mode)) : NOT_A_DEVICE;
  if (device == NOT_A_DEVICE && path && chance_is_at(AT_FDCWD, path, 0)) device = world_open_chance(flags_of(mode));
  if (device < 0) return REAL(freopen64)(path, mode, stream);
  FILE *opened = REAL(freopen64)("/dev/null", mode, stream);
  if (opened) dup3(device, fileno(opened), strchr(mode, 'e') ? O_CLOEXEC : 0);
  close(device);
  return opened;
}

WORLD_EXPORT FILE *freopen(const char *restrict path, const char *restrict mode, FILE *restrict stream) {
  return freopen64(path, mode, stream);
}
