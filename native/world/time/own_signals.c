/*
 * SIGSYS and SIGSEGV: first the world's, then the program's. The one says that the filter caught a call (trap.c), the other, on
 * x86-64, that an instruction reads the counter of cycles (cycles.c).
 *
 * What a program asks to happen at them is kept here, and done for every one that is not an answer of ours: crash
 * reports, guard pages and Java's or Node's faults on purpose work as ever, with the same context. Nothing of ours is
 * in the way of dying of it either: the fault happens again with the kernel's own disposition.
 *
 * In a thread that blocks such a signal the next answer would end the process, so nobody blocks them. libc asks for calls
 * that the filter catches on its own account, too: what begins with all signals blocked, as ZeroMQ's threads do, asks for its class.
 *
 * While a program's handler runs that would have a fault blocked, a signal of libc's own is blocked in its place, which no program can
 * name: a fault there ends the process, as it should, and the counter is answered. Whatever leaves the handler, siglongjmp too,
 * brings the mask back.
 */
#define _GNU_SOURCE
#include "signals.h"
#include "world/threads/schedule.h"
#include "world/world.h"
#include <string.h>
#include <sys/syscall.h>

enum { KERNEL_SIGSET = 8, SIGCANCEL = 32 };

#define BIT(signal) (1ull << ((signal) - 1))

/* `wanted` is the program's; all zero is the default. */
struct own { int signal; void (*handler)(int, siginfo_t *, void *); struct sigaction wanted; };

static void on_call(int signal, siginfo_t *info, void *context);
static struct own call = { .signal = SIGSYS, .handler = on_call };

#if defined(__x86_64__)

#define IN_PLACE BIT(SIGCANCEL)
#define OWN (BIT(SIGSYS) | BIT(SIGSEGV))
enum { RESTORER = 0x04000000, OF_KERNEL = 0x80 };

static void on_fault(int signal, siginfo_t *info, void *context);
static struct own fault = { .signal = SIGSEGV, .handler = on_fault };

static struct own *own_of(int signal) { return signal == SIGSEGV ? &fault : signal == SIGSYS ? &call : NULL; }

/* What a handler returns to; libc's own is private. */
__attribute__((naked)) static void return_from_signal(void) { __asm__ volatile("mov $15, %eax\n\tsyscall"); }

#else

#define IN_PLACE 0ull
#define OWN BIT(SIGSYS)

static struct own *own_of(int signal) { return signal == SIGSYS ? &call : NULL; }

#endif

static bool has_handler(const struct own *own) { return own->wanted.sa_handler != SIG_DFL && own->wanted.sa_handler != SIG_IGN; }

/*
 * By number, because libc is not initialised yet. Nested, because a sleep in the handler may run another thread. On the stack,
 * and with calls begun again, as the program's handler wants it.
 */
static long dispose(const struct own *own, void *handler) {
  struct kernel_action action = { .handler = handler, .flags = SA_SIGINFO | SA_NODEFER };
  int asked = has_handler(own) ? own->wanted.sa_flags & (SA_ONSTACK | SA_RESTART) : SA_ONSTACK;
  action.flags |= (unsigned)asked;
#if defined(__x86_64__)
  action.flags |= RESTORER;
  action.restorer = (void *)return_from_signal;
#endif
  return world_raw6(SYS_rt_sigaction, own->signal, (long)&action, 0, KERNEL_SIGSET, 0, 0);
}

/* As if nobody had a handler. A signal that was sent does not come again by itself, and the first process survives it. */
static void die(const struct own *own, bool was_sent) {
  dispose(own, SIG_DFL);
  if (!was_sent) return;
  long process = world_raw6(SYS_getpid, 0, 0, 0, 0, 0, 0), thread = world_raw6(SYS_gettid, 0, 0, 0, 0, 0, 0);
  world_raw6(SYS_tgkill, process, thread, own->signal, 0, 0, 0);
  dispose(own, (void *)own->handler);
}

static void hand_on(struct own *own, siginfo_t *info, void *context) {
  struct sigaction action = own->wanted;
  bool was_sent = info->si_code <= 0;
  if (action.sa_handler == SIG_IGN && was_sent) return;
  uint64_t mask;
  memcpy(&mask, &((ucontext_t *)context)->uc_sigmask, sizeof mask);
  bool in_handler = (mask & IN_PLACE) && !was_sent;
  if (in_handler || action.sa_handler == SIG_IGN || action.sa_handler == SIG_DFL) {
    die(own, was_sent);
    return;
  }
  uint64_t blocked;
  memcpy(&blocked, &action.sa_mask, sizeof blocked);
  if (own->signal == SIGSEGV && !(action.sa_flags & SA_NODEFER)) blocked |= IN_PLACE;
  if (action.sa_flags & SA_RESETHAND) own->wanted.sa_handler = SIG_DFL;
  world_raw6(SYS_rt_sigprocmask, SIG_BLOCK, (long)&blocked, 0, KERNEL_SIGSET, 0, 0);
  if (action.sa_flags & SA_SIGINFO) action.sa_sigaction(own->signal, info, context);
  else action.sa_handler(own->signal);
}

static void on_call(int signal, siginfo_t *info, void *context) {
  (void)signal;
  int error = errno;
  if (!world_answer_call(info, context)) hand_on(&call, info, context);
  errno = error;
}

#if defined(__x86_64__)
static void on_fault(int signal, siginfo_t *info, void *context) {
  (void)signal;
  int error = errno;
  if (info->si_code != OF_KERNEL || !world_answer_cycles(context)) hand_on(&fault, info, context);
  errno = error;
}
#endif

void world_install_own_signals(void) {
  if (dispose(&call, (void *)on_call) != 0) world.lacks |= LACK_TRAP;
#if defined(__x86_64__)
  dispose(&fault, (void *)on_fault);
#endif
}

/* ---- what programs ask for ---- */

static const sigset_t *without_own(const sigset_t *set, sigset_t *copy) {
  if (!set) return NULL;
  uint64_t first;
  memcpy(&first, set, sizeof first);
  first &= ~OWN;
  *copy = *set;
  memcpy(copy, &first, sizeof first);
  return copy;
}

static int act(int signal, const struct sigaction *action, struct sigaction *before) {
  struct own *own = own_of(signal);
  struct sigaction copy, had;
  if (action) {
    copy = *action;
    without_own(&action->sa_mask, &copy.sa_mask);
    action = &copy;
  }
  if (!own) {
    int result = REAL(sigaction)(signal, action, before);
    if (action && result == 0) world_race_handler(signal);
    return result;
  }
  had = own->wanted;
  if (action) own->wanted = copy, dispose(own, (void *)own->handler);
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
  if (own_of(number)) return handle(number, handler, SA_RESTART);
  sighandler_t before = REAL(signal)(number, handler);
  world_race_handler(number);
  return before;
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

long world_set_mask(const sigset_t *set, uint64_t *before) {
  uint64_t bits;
  if (!set) return 0;
  /* The kernel's part of it: whoever brings an earlier mask back has no more. */
  memcpy(&bits, set, sizeof bits);
  bits &= ~OWN;
  return world_raw6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&bits, (long)before, KERNEL_SIGSET, 0, 0);
}

/* A handler that lets the signal through again means to leave without its return: what is blocked in its place goes too. */
static bool lets_fault(int how, const sigset_t *set) { return IN_PLACE && set && how == SIG_UNBLOCK && sigismember(set, SIGSEGV) == 1; }

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
  return masked(REAL(pthread_sigmask)(how, without_own(set, &copy), before), lets);
}

WORLD_EXPORT int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict before) {
  sigset_t copy;
  bool lets = lets_fault(how, set);
  return masked(REAL(sigprocmask)(how, without_own(set, &copy), before), lets);
}

/* The mask with which a thread begins. */
WORLD_EXPORT int pthread_attr_setsigmask_np(pthread_attr_t *attributes, const sigset_t *set) {
  sigset_t copy;
  return REAL(pthread_attr_setsigmask_np)(attributes, without_own(set, &copy));
}
