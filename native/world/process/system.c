/*
 * system(): a shell that is waited for.
 *
 * Not libc's, which begins the program and waits for it in one call. The processor's counter is given back for the moment of
 * an exec (time/cycles.c), and the moment must not last as long as the shell does: handlers run while it is waited for.
 */
#define _GNU_SOURCE
#include "process.h"
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NO_SHELL = 127 << 8 };

static unsigned waiting;        /* how many of its calls wait: signals come back with the last */
static struct sigaction interrupt, quit;

static void ignore_signals(void) {
  const struct sigaction ignored = { .sa_handler = SIG_IGN };
  if (waiting++ > 0) return;
  sigaction(SIGINT, &ignored, &interrupt);
  sigaction(SIGQUIT, &ignored, &quit);
}

static void restore_signals(void) {
  if (--waiting > 0) return;
  sigaction(SIGINT, &interrupt, NULL);
  sigaction(SIGQUIT, &quit, NULL);
}

/* The shell has the signals as its parent had them. */
static int begin_shell(pid_t *pid, const char *command, const sigset_t *mask) {
  char *const arguments[] = { "sh", "-c", (char *)command, NULL };
  posix_spawnattr_t attributes;
  sigset_t as_usual;
  sigemptyset(&as_usual);
  if (interrupt.sa_handler != SIG_IGN) sigaddset(&as_usual, SIGINT);
  if (quit.sa_handler != SIG_IGN) sigaddset(&as_usual, SIGQUIT);
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, mask);
  posix_spawnattr_setsigdefault(&attributes, &as_usual);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  int error = posix_spawn(pid, "/bin/sh", NULL, &attributes, arguments, environ);
  posix_spawnattr_destroy(&attributes);
  return error;
}

WORLD_EXPORT int system(const char *command) {
  sigset_t child, before;
  pid_t pid;
  int status = NO_SHELL;
  if (!command) return access("/bin/sh", X_OK) == 0;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  ignore_signals();
  sigprocmask(SIG_BLOCK, &child, &before);
  int error = begin_shell(&pid, command, &before);
  if (error == 0)
    while (waitpid(pid, &status, 0) < 0)
      if (errno != EINTR) { status = -1; break; }
  restore_signals();
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (error != 0) errno = error;
  return status;
}
