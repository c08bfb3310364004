/*
 * Calls that wait for a child. Where the thread is the only one, the kernel waits; where there are others, the schedule asks again
 * and again. What a child used of the machine is told to nobody.
 */
#define _GNU_SOURCE
#include "threads.h"
#include "world/process/process.h"
#include "world/process/rest.h"
#include "world/world.h"
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

struct child_wait { idtype_t type; id_t id; int options; };

/* The child is not forgotten. */
static long look_at(const struct child_wait *child, int how, siginfo_t *found) {
  int options = (child->options & (WEXITED | WSTOPPED | WCONTINUED)) | WNOWAIT | how;
  return world_raw6(SYS_waitid, child->type, child->id, (long)found, options, 0, 0);
}

/* Whether waiting for such a child would end at once: one has changed, or there is none. */
static bool child_ready(void *argument) {
  struct child_wait *child = argument;
  siginfo_t found = { 0 };
  return look_at(child, WNOHANG, &found) < 0 || found.si_pid != 0;
}

/* The child is not forgotten before this process has said that it runs. */
static long wait_at_rest(const struct child_wait *child) {
  siginfo_t found = { 0 };
  rest_waits_for_child(child->type == P_PID ? (int32_t)child->id : 0);
  long error = look_at(child, 0, &found);
  rest_runs();
  return error;
}

static int until_child(struct child_wait *child) {
  if (child->options & WNOHANG) world_early_ask();
  if ((child->options & WNOHANG) && child->type == P_PID) world_ask_patiently(child_ready, child);
  if (world_simple() && !(child->options & WNOHANG) && rest_watches && wait_at_rest(child) == -EINTR) {
    errno = EINTR;
    return -1;
  }
  if (world_simple() || (child->options & WNOHANG)) return 0;
  bool asks = world_alone();
  while (!asks || !child_ready(child)) {
    asks = true;
    struct world_wait wait = { .attempt = child_ready, .argument = child, .deadline = WORLD_NEVER };
    enum world_outcome ended = world_block(&wait);
    if (ended == WAIT_INTERRUPTED) {
      errno = EINTR;
      return -1;
    }
  }
  return 0;
}

WORLD_EXPORT pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage) {
  struct child_wait child = { P_ALL, 0, (options & (WNOHANG | WUNTRACED | WCONTINUED)) | WEXITED };
  if (pid > 0) child.type = P_PID, child.id = (id_t)pid;
  else if (pid != -1) child.type = P_PGID, child.id = (id_t)-pid;
  if (until_child(&child) < 0) return -1;
  int how = 0;
  pid_t ended = REAL(wait4)(pid, &how, options, NULL);
  if (ended > 0 && status) *status = how;
  /* It wrote to who had stopped reading: a moment earlier it would have reached them. */
  if (ended > 0 && WIFSIGNALED(how) && WTERMSIG(how) == SIGPIPE) world_early_ask();
  /* What a child used of a machine is the machine's; its own clock ended with it. */
  if (ended > 0 && usage) memset(usage, 0, sizeof *usage);
  if (ended > 0) world_race_over();
  return ended;
}

WORLD_EXPORT pid_t wait3(int *status, int options, struct rusage *usage) {
  return wait4(-1, status, options, usage);
}

WORLD_EXPORT pid_t waitpid(pid_t pid, int *status, int options) {
  return wait4(pid, status, options, NULL);
}

WORLD_EXPORT pid_t wait(int *status) {
  return wait4(-1, status, 0, NULL);
}

WORLD_EXPORT int waitid(idtype_t type, id_t id, siginfo_t *found, int options) {
  struct child_wait child = { type, id, options };
  int ended = until_child(&child) < 0 ? -1 : REAL(waitid)(type, id, found, options);
  if (ended == 0 && found && found->si_pid != 0 && found->si_code != CLD_EXITED && found->si_status == SIGPIPE) world_early_ask();
  if (ended == 0) world_race_over();
  return ended;
}

/* By number, where it is asked what the child used. */
bool world_do_wait(long number, const long a[6], long *result) {
  long usage = number == SYS_wait4 ? a[3] : a[4];
  if ((number != SYS_wait4 && number != SYS_waitid) || !usage) return false;
  *result = world_raw6(number, a[0], a[1], a[2], number == SYS_wait4 ? 0 : a[3], 0, 0);
  if (*result > 0 || (*result == 0 && number == SYS_waitid)) memset((void *)usage, 0, sizeof(struct rusage));
  return true;
}
