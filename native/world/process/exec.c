/* The exec family and posix_spawn. process.c says what happens to the world. */
#define _GNU_SOURCE
#include "process.h"
#include "world/threads/schedule.h"
#include "world/time/cycles.h"
#include <alloca.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int refuse(void) {
  errno = EACCES;
  return -1;
}

/* Comes back where it failed only. `environment` is the call's argument at `at`. */
static long begin_program(long number, long a[5], unsigned at, char *const *environment) {
  struct carried carried;
  struct exec_moment moment;
  char *slots[world_environment_slots(environment)];
  world_exec_begins(&moment);
  world_environment(&carried, slots, environment, 0, &moment);
  a[at] = (long)slots;
  long error = world_raw6(number, a[0], a[1], a[2], a[3], a[4], 0);
  world_exec_over(&moment);
  return error;
}

long world_do_execve(const char *path, char *const *arguments, char *const *environment) {
  if (world_refuses(path)) return -EACCES;
  return begin_program(SYS_execve, (long[5]){ (long)path, (long)arguments }, 2, environment);
}

WORLD_EXPORT int execve(const char *path, char *const arguments[], char *const environment[]) {
  return (int)world_result(world_do_execve(path, arguments, environment));
}

WORLD_EXPORT int execv(const char *path, char *const arguments[]) { return execve(path, arguments, environ); }

/* A file that is no program is a script of the shell's, as libc has it. */
static int run_script(const char *path, char *const arguments[], char *const environment[]) {
  size_t count = 0;
  while (arguments[count]) count++;
  char *shell[count + 3];
  shell[0] = "/bin/sh";
  shell[1] = (char *)path;
  memcpy(shell + 2, arguments + (count > 0), (count + 1 - (count > 0)) * sizeof arguments[0]);
  return execve(shell[0], shell, environment);
}

WORLD_EXPORT int execvpe(const char *name, char *const arguments[], char *const environment[]) {
  char found[PATH_MAX];
  const char *path = world_find_program(name, found);
  if (!path) return (int)world_result(-ENOENT);
  int result = execve(path, arguments, environment);
  return errno == ENOEXEC ? run_script(path, arguments, environment) : result;
}

WORLD_EXPORT int execvp(const char *name, char *const arguments[]) { return execvpe(name, arguments, environ); }

/* The arguments after `first`, with their NULL, in the caller's frame. */
#define COLLECT(first, list)                                                   \
  size_t count = 1;                                                            \
  va_start(list, first);                                                       \
  while (va_arg(list, char *)) count++;                                        \
  va_end(list);                                                                \
  char **arguments = alloca((count + 1) * sizeof *arguments);                  \
  va_start(list, first);                                                       \
  arguments[0] = (char *)first;                                                \
  for (size_t i = 1; i <= count; i++) arguments[i] = va_arg(list, char *)

WORLD_EXPORT int execl(const char *path, const char *first, ...) {
  va_list list;
  COLLECT(first, list);
  va_end(list);
  return execv(path, arguments);
}

WORLD_EXPORT int execlp(const char *name, const char *first, ...) {
  va_list list;
  COLLECT(first, list);
  va_end(list);
  return execvp(name, arguments);
}

WORLD_EXPORT int execle(const char *path, const char *first, ...) {
  va_list list;
  COLLECT(first, list);
  char *const *environment = va_arg(list, char *const *);
  va_end(list);
  return execve(path, arguments, environment);
}

static int refuse_descriptor(int folder, const char *path, int flags) {
  char name[PATH_MAX];
  if (path[0] == 0 && (flags & AT_EMPTY_PATH)) {
    char link[32];
    snprintf(link, sizeof link, "/dev/fd/%d", folder);
    return world_refuses(link);
  }
  if (path[0] == '/' || folder == AT_FDCWD) return world_refuses(path);
  snprintf(name, sizeof name, "/dev/fd/%d/%s", folder, path);
  return world_refuses(name);
}

long world_do_execveat(int folder, const char *path, char *const *arguments, char *const *environment, int flags) {
  if (refuse_descriptor(folder, path, flags)) return -EACCES;
  return begin_program(SYS_execveat, (long[5]){ folder, (long)path, (long)arguments, 0, flags }, 3, environment);
}

WORLD_EXPORT int execveat(int folder, const char *path, char *const arguments[], char *const environment[], int flags) {
  return (int)world_result(world_do_execveat(folder, path, arguments, environment, flags));
}

WORLD_EXPORT int fexecve(int fd, char *const arguments[], char *const environment[]) {
  return execveat(fd, "", arguments, environment, AT_EMPTY_PATH);
}

/* ---- posix_spawn: the child is libc's own, so its world is decided here ---- */

typedef int spawn_function(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
                           char *const[], char *const[]);

static int spawn(spawn_function *real, pid_t *pid, const char *name, const char *path,
                 const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes, char *const arguments[],
                 char *const environment[]) {
  if (world_refuses(path)) {
    refuse();
    return EACCES;
  }
  struct carried carried;
  char *slots[world_environment_slots(environment)];
  struct exec_moment moment, child;
  short flags = 0;
  if (attributes) posix_spawnattr_getflags(attributes, &flags);
  world_exec_begins(&moment);
  child = moment;
  if (flags & POSIX_SPAWN_SETSIGMASK) child.holds = 0; /* libc gives the child those of the caller's choice */
  world_environment(&carried, slots, environment, world_conceive(), &child);
  int error = real(pid, name, actions, attributes, arguments, slots);
  world_exec_over(&moment);
  return error;
}

WORLD_EXPORT int posix_spawn(pid_t *restrict pid, const char *restrict path,
                             const posix_spawn_file_actions_t *restrict actions,
                             const posix_spawnattr_t *restrict attributes, char *const arguments[restrict],
                             char *const environment[restrict]) {
  return spawn(REAL(posix_spawn), pid, path, path, actions, attributes, arguments, environment);
}

WORLD_EXPORT int posix_spawnp(pid_t *restrict pid, const char *restrict name,
                              const posix_spawn_file_actions_t *restrict actions,
                              const posix_spawnattr_t *restrict attributes, char *const arguments[restrict],
                              char *const environment[restrict]) {
  char found[PATH_MAX];
  const char *path = world_find_program(name, found);
  return spawn(REAL(posix_spawnp), pid, name, path, actions, attributes, arguments, environment);
}
