/*
 * The old page: three system calls at a fixed address of every process on x86-64, for programs of another age. Kernels answer
 * them under the process's filter, so the world does. A kernel that is itself a program (User Mode Linux) does not see them:
 * the one below answers, and knows of no filter. Nothing can take the page away there, so the receipt says it.
 *
 * A zygote tries it as it begins, in a child with a filter that refuses the call. Where there is no page the child dies.
 * Nothing of it is counted: it is made, and waited for, past the world.
 */
#define _GNU_SOURCE
#include "world/world.h"

#if defined(__x86_64__)

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define TIME_ENTRY 0xffffffffff600400ull
/* No clock is set before it, and no error is as large. */
#define A_DATE 1000000000

enum { KERNEL_SIGSET = 8, SAYS_TIME = 3 };

static bool refuse_time(void) {
  struct sock_filter rules[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_time, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = { .len = sizeof rules / sizeof rules[0], .filter = rules };
  return world_raw6(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0) == 0 &&
         world_raw6(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, (long)&filter, 0, 0, 0) == 0;
}

static void try_it(void) {
  const struct { void *handler; unsigned long flags; void *restorer; uint64_t mask; } as_usual = { 0 };
  world_raw6(SYS_rt_sigaction, SIGSEGV, (long)&as_usual, 0, KERNEL_SIGSET, 0, 0);
  bool shows = refuse_time() && ((long (*)(long *))TIME_ENTRY)(NULL) >= A_DATE;
  world_raw6(SYS_exit_group, shows ? SAYS_TIME : 0, 0, 0, 0, 0, 0);
}

WORLD_EXPORT void sameseed_world_try_old_page(void) {
  int status = 0;
  long child = world_raw6(SYS_clone, SIGCHLD, 0, 0, 0, 0, 0);
  if (child == 0) try_it();
  while (child > 0 && world_raw6(SYS_wait4, child, (long)&status, 0, 0, 0, 0) == -EINTR) continue;
  if (WIFEXITED(status) && WEXITSTATUS(status) == SAYS_TIME) world.lacks |= LACK_OLD_PAGE;
}

#else

WORLD_EXPORT void sameseed_world_try_old_page(void) {}

#endif
