/*
 * A copy that dies leaves its child to the trunk, as a child like the program's own: `wait` would meet it. It dies of its
 * parent's death. What has taken that signal's asking back, as a trunk can, is ended here.
 */
#include "zygote.h"
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include "supervise.h"

static void bury_orphan(pid_t orphan) {
  int status;
  if (waitpid(orphan, &status, WNOHANG | __WALL) != 0) return;
  SUPERVISE(SYS_kill, orphan, SIGKILL, 0, 0, 0, 0);
  while (waitpid(orphan, &status, __WALL) < 0 && errno == EINTR) continue;
}

void bury_copies(void) {
  int status;
  pid_t copy;
  while ((copy = waitpid(-1, &status, WNOHANG | __WCLONE)) > 0) {
    /* One that leaves has nothing that runs: a process of that number is one of the trunk's program, which has forked often. */
    if (status == 0) continue;
    /* A program of the trunk's may have such children too. */
    if (copy <= COPY_PID && copy > COPY_PID - COPY_NUMBERS) bury_orphan(copy - (COPY_PID - CHILD_PID));
  }
}
