/* The two signals that the world itself answers, SIGSYS (trap.c) and, on x86-64, SIGSEGV (cycles.c); masks; and what has come. */
#ifndef SAMESEED_WORLD_SIGNALS_H
#define SAMESEED_WORLD_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/* As the kernel takes and gives it. */
struct kernel_action { void *handler; unsigned long flags; void *restorer; uint64_t mask; };

void world_install_own_signals(void);

bool world_answer_call(siginfo_t *info, ucontext_t *context);   /* whether the filter caught a call there */
bool world_answer_cycles(ucontext_t *context);                  /* whether the instruction there was one of these */

/* For the time of a wait: of the calling thread, and without the two. Nothing where `set` is NULL. */
long world_set_mask(const sigset_t *set, uint64_t *before);

/* Whether the program has a handler for the signal, one without any of these flags. */
bool world_handles(int signal, unsigned long without);

/* Whether a handler has run for a signal that this mask lets through, as one that waits with it is told at once. Not where it is NULL. */
bool world_signal_came(const sigset_t *mask);

#endif
