/*
 * The file of the program that runs. Many programs look for what lies beside it, and read the link /proc/self/exe, which a
 * sandbox does not have. Where it leads follows from the name by which the kernel says the program was started.
 */
#define _GNU_SOURCE
#include "files.h"
#include "world/threads/schedule.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SCRIPTS_MOST = 4, FIRST_LINE = 256 };

static char program[PATH_MAX];
static bool is_known;

/* The interpreter that a script's first line names takes the place of the script. */
static bool interpreter_of(char path[PATH_MAX]) {
  char line[FIRST_LINE];
  long fd = world_raw6(SYS_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC, 0, 0, 0);
  if (fd < 0) return false;
  long got = world_raw6(SYS_pread64, fd, (long)line, sizeof line - 1, 0, 0, 0);
  world_raw6(SYS_close, fd, 0, 0, 0, 0, 0);
  const char *name = world_script_interpreter(line, got);
  return name && *name && snprintf(path, PATH_MAX, "%s", name) < PATH_MAX;
}

static const char *find_program(void) {
  const char *started = (const char *)getauxval(AT_EXECFN);
  char path[PATH_MAX];
  if (!started || snprintf(path, sizeof path, "%s", started) >= (int)sizeof path) return "";
  for (int scripts = 0; scripts < SCRIPTS_MOST && interpreter_of(path); scripts++);
  char whole[PATH_MAX];
  if (!REAL(realpath)(path, whole)) return "";
  /* In the host's world two threads may be here at once: they write the same. */
  memcpy(program, whole, strlen(whole) + 1);
  __atomic_store_n(&is_known, true, __ATOMIC_RELEASE);
  return program;
}

/* From another folder than the one it was started in, a name that begins there leads elsewhere. */
__attribute__((constructor)) static void find_early(void) {
  const char *started = (const char *)getauxval(AT_EXECFN);
  if (started && started[0] != '/') find_program();
}

const char *program_named(const char *path, int error) {
  if (error != ENOENT || !path || strncmp(path, "/proc/", 6) != 0) return NULL;
  char own[32];
  snprintf(own, sizeof own, "/proc/%d/exe", (int)getpid());
  if (strcmp(path, "/proc/self/exe") != 0 && strcmp(path, "/proc/thread-self/exe") != 0 && strcmp(path, own) != 0) return NULL;
  const char *found = __atomic_load_n(&is_known, __ATOMIC_ACQUIRE) ? program : find_program();
  return found[0] ? found : NULL;
}

static ssize_t link_of(const char *path, char *to, size_t size, ssize_t got) {
  const char *found = got < 0 ? program_named(path, errno) : NULL;
  if (!found) return got;
  size_t length = strlen(found) < size ? strlen(found) : size;
  memcpy(to, found, length);
  return (ssize_t)length;
}

WORLD_EXPORT ssize_t readlink(const char *restrict path, char *restrict to, size_t size) {
  return link_of(path, to, size, REAL(readlink)(path, to, size));
}

WORLD_EXPORT ssize_t readlinkat(int folder, const char *restrict path, char *restrict to, size_t size) {
  return link_of(path, to, size, REAL(readlinkat)(folder, path, to, size));
}

ssize_t __readlink_chk(const char *path, char *to, size_t size, size_t room);
WORLD_EXPORT ssize_t __readlink_chk(const char *path, char *to, size_t size, size_t room) {
  return link_of(path, to, size, REAL(__readlink_chk)(path, to, size, room));
}

ssize_t __readlinkat_chk(int folder, const char *path, char *to, size_t size, size_t room);
WORLD_EXPORT ssize_t __readlinkat_chk(int folder, const char *path, char *to, size_t size, size_t room) {
  return link_of(path, to, size, REAL(__readlinkat_chk)(folder, path, to, size, room));
}

WORLD_EXPORT char *realpath(const char *restrict path, char *restrict to) {
  char *found = REAL(realpath)(path, to);
  const char *own = found ? NULL : program_named(path, errno);
  return own ? REAL(realpath)(own, to) : found;
}

char *__realpath_chk(const char *path, char *to, size_t room);
WORLD_EXPORT char *__realpath_chk(const char *path, char *to, size_t room) {
  char *found = REAL(__realpath_chk)(path, to, room);
  const char *own = found ? NULL : program_named(path, errno);
  return own ? REAL(__realpath_chk)(own, to, room) : found;
}
