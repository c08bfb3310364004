/*
 * SIGSEGV: first the world's (cycles.c), then the program's.
 *
 * What a program asks to happen at SIGSEGV is kept here, and done for every fault that is not an answer of ours: crash
 * reports, guard pages and Java's or Node's faults on purpose work as ever, with the same context. Nothing of ours is
 * in the way of dying of it either: the fault happens again with the kernel's own disposition.
 *
 * A fault in a thread that blocks the signal would end the process, so nobody blocks it. While a program's handler runs that
 * would have it blocked, a signal of libc's own is blocked in its place, which no program can name: a fault there ends the
 * process, as it should, and the counter is answered. Whatever leaves the handler, siglongjmp too, brings the mask back.
 */
#define _GNU_SOURCE
#include "cycles.h"
#include "world/threads/schedule.h"
#include "world/world.h"
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#if defined(__x86_64__)

enum { KERNEL_SIGSET = 8, RESTORER = 0x04000000, OF_KERNEL = 0x80, SIGCANCEL = 32 };
#define IN_PLACE (1ull << (SIGCANCEL - 1))

struct kernel_action { void *handler; unsigned long flags; void *restorer; uint64_t mask; };

static struct sigaction wanted; /* the program's; all zero is the default */

/* What a handler returns to; libc's own is private. */
__attribute__((naked)) static void return_from_fault(void) { __asm__ volatile("mov $15, %eax\n\tsyscall"); }

static bool has_handler(void) { return wanted.sa_handler != SIG_DFL && wanted.sa_handler != SIG_IGN; }

/* On the stack, and with calls begun again, as the program's handler wants it. */
static void dispose(void *handler) {
  struct kernel_action action = { .handler = handler, .restorer = (void *)return_from_fault };
  int asked = has_handler() ? wanted.sa_flags & (SA_ONSTACK | SA_RESTART) : SA_ONSTACK;
  action.flags = SA_SIGINFO | SA_NODEFER | RESTORER | (unsigned)asked;
  world_raw6(SYS_rt_sigaction, SIGSEGV, (long)&action, 0, KERNEL_SIGSET, 0, 0);
}

static void on_fault(int signal, siginfo_t *info, void *context);

/* As if nobody had a handler. A signal that was sent does not come again by itself, and the first process survives it. */
static void die(bool was_sent) {
  dispose(SIG_DFL);
  if (!was_sent) return;
  long process = world_raw6(SYS_getpid, 0, 0, 0, 0, 0, 0), thread = world_raw6(SYS_gettid, 0, 0, 0, 0, 0, 0);
  world_raw6(SYS_tgkill, process, thread, SIGSEGV, 0, 0, 0);
  dispose(on_fault);
}

static void hand_on(int signal, siginfo_t *info, void *context) {
  struct sigaction action = wanted;
  bool was_sent = info->si_code <= 0;
  if (action.sa_handler == SIG_IGN && was_sent) return;
  uint64_t mask;
  memcpy(&mask, &((ucontext_t *)context)->uc_sigmask, sizeof mask);
  bool in_handler = (mask & IN_PLACE) && !was_sent;
  if (in_handler || action.sa_handler == SIG_IGN || action.sa_handler == SIG_DFL) {
    die(was_sent);
    return;
  }
  uint64_t blocked;
  memcpy(&blocked, &action.sa_mask, sizeof blocked);
  if (!(action.sa_flags & SA_NODEFER)) blocked |= IN_PLACE;
  if (action.sa_flags & SA_RESETHAND) wanted.sa_handler = SIG_DFL;
  world_raw6(SYS_rt_sigprocmask, SIG_BLOCK, (long)&blocked, 0, KERNEL_SIGSET, 0, 0);
  if (action.sa_flags & SA_SIGINFO) action.sa_sigaction(signal, info, context);
  else action.sa_handler(signal);
}

static void on_fault(int signal, siginfo_t *info, void *context) {
  int error = errno;
  if (info->si_code != OF_KERNEL || !world_answer_cycles(context)) hand_on(signal, info, context);
  errno = error;
}

void world_install_faults(void) { dispose(on_fault); }

/* ---- what programs ask for ---- */

static int act(int signal, const struct sigaction *action, struct sigaction *before) {
  struct sigaction copy, had = wanted;
  if (action) {
    copy = *action;
    sigdelset(&copy.sa_mask, SIGSEGV);
    action = &copy;
  }
  if (signal != SIGSEGV) return REAL(sigaction)(signal, action, before);
  if (action) wanted = copy, dispose(on_fault);
  if (before) *before = had;
  return 0;
}

WORLD_EXPORT int sigaction(int signal, const struct sigaction *restrict action, struct sigaction *restrict before) {
  return act(signal, action, before);
}

static sighandler_t handle(int signal, sighandler_t handler, int flags) {
  struct sigaction action = { .sa_handler = handler, .sa_flags = flags }, before;
  return act(signal, &action, &before) == 0 ? before.sa_handler : SIG_ERR;
}

WORLD_EXPORT sighandler_t signal(int number, sighandler_t handler) {
  return number == SIGSEGV ? handle(number, handler, SA_RESTART) : REAL(signal)(number, handler);
}

WORLD_EXPORT sighandler_t ssignal(int number, sighandler_t handler) { return signal(number, handler); }
sighandler_t bsd_signal(int number, sighandler_t handler);
WORLD_EXPORT sighandler_t bsd_signal(int number, sighandler_t handler) { return signal(number, handler); }

sighandler_t __sysv_signal(int number, sighandler_t handler);
WORLD_EXPORT sighandler_t __sysv_signal(int number, sighandler_t handler) {
  return handle(number, handler, SA_RESETHAND | SA_NODEFER);
}

WORLD_EXPORT sighandler_t sysv_signal(int number, sighandler_t handler) { return __sysv_signal(number, handler); }

/* ---- masks ---- */

static const sigset_t *without_fault(const sigset_t *set, sigset_t *copy) {
  if (!set) return NULL;
  *copy = *set;
  sigdelset(copy, SIGSEGV);
  return copy;
}

/* A handler that lets the signal through again means to leave without its return: what is blocked in its place goes too. */
static bool lets_fault(int how, const sigset_t *set) { return set && how == SIG_UNBLOCK && sigismember(set, SIGSEGV) == 1; }

static int masked(int result, bool lets) {
  uint64_t open = IN_PLACE;
  if (result == 0 && lets)
    world_raw6(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&open, 0, KERNEL_SIGSET, 0, 0);
  return result;
}

WORLD_EXPORT int pthread_sigmask(int how, const sigset_t *restrict set, sigset_t *restrict before) {
  sigset_t copy;
  /* Asked before the call: `set` may be where the mask of before is written. */
  bool lets = lets_fault(how, set);
  return masked(REAL(pthread_sigmask)(how, without_fault(set, &copy), before), lets);
}

WORLD_EXPORT int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict before) {
  sigset_t copy;
  bool lets = lets_fault(how, set);
  return masked(REAL(sigprocmask)(how, without_fault(set, &copy), before), lets);
}

#else

void world_install_faults(void) {}

#endif
