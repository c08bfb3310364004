/*
 * The processor's counter of cycles: rdtsc and rdtscp, and tpause and umwait, which wait for a time of it.
 *
 * What the counter says is another way to ask for the time, and programs compare it with the clock: absl, which XLA is
 * built with, measures it against the clock again and again until two results agree, so how often it looks would be the
 * machine's doing. The kernel lets a process give the instruction up (PR_SET_TSC); then it faults, and the handler here
 * answers with the logical clock: one cycle a nanosecond, counted and ticking as any read of a clock.
 *
 * The fault is SIGSEGV, which is a program's own too. Its handler is kept here (own_signals.c) and called for every other
 * fault. Threads and forks inherit what was given up, and so does a program that an exec begins: its dynamic linker
 * reads the counter before any library's code can run, so the instruction is given back for the moment of an exec. A handler
 * that ran in that moment would read the machine's counter, so signals wait until it is over: in a child, or in the process
 * that becomes the program, until this library is in the new program and blocks what was blocked before (state.c).
 *
 * Other processors than x86-64's keep their counters, and the receipt says `cycles`: most kernels cannot take them away there.
 */
#define _GNU_SOURCE
#include "cycles.h"
#include "signals.h"
#include "world/threads/schedule.h"
#include "world/world.h"
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)

enum { LOW_BITS = 32, ADDRESS_BITS = 47, FLAGS_OF_RESULT = 0x8d5, CARRY = 1 };
#define LOW_WORD 0xffffffffll
#define PAUSE_MOST_NS 100000    /* the kernel's own bound on what these instructions wait, in cycles */

static bool given_up;

/* Marked, because the filter lets nobody else do it: a program that took the counter back would read the machine's. */
static bool set(int how) { return world_own(SYS_prctl, PR_SET_TSC, how, 0, 0, 0) == 0; }

void world_seal_cycles(void) {
  bool real = world.settings.flags & WORLD_REAL_CLOCK;
  if (real && given_up) set(PR_TSC_ENABLE);
  given_up = !real && set(PR_TSC_SIGSEGV);
  if (!real && !given_up) world.lacks |= LACK_CYCLES;
}

void world_exec_begins(struct exec_moment *moment) {
  *moment = (struct exec_moment){ .holds = given_up };
  world_widen_stack();
  if (!given_up) return;
  signals_block(&moment->signals);
  set(PR_TSC_ENABLE);
}

void world_exec_over(const struct exec_moment *moment) {
  world_narrow_stack();
  if (!moment->holds) return;
  set(PR_TSC_SIGSEGV);
  signals_restore(&moment->signals);
}

/* tpause and umwait: 66 or f2, then 0f ae /6 with a register, which may need a prefix of its own. Their length, or 0. */
static int pause_length(const uint8_t *code) {
  if (code[0] != 0x66 && code[0] != 0xf2) return 0;
  int at = (code[1] & 0xf0) == 0x40 ? 2 : 1;
  return code[at] == 0x0f && code[at + 1] == 0xae && (code[at + 2] & 0xf8) == 0xf0 ? at + 3 : 0;
}

/* Waits until a time of the counter's, which is the logical clock's; carry says that it was too far away. */
static void pause_until(greg_t *r, uint64_t deadline) {
  uint64_t now = (uint64_t)(WORLD_BOOT_NS + world_read()), left = deadline > now ? deadline - now : 0;
  r[REG_EFL] &= ~FLAGS_OF_RESULT;
  if (left > PAUSE_MOST_NS) left = PAUSE_MOST_NS, r[REG_EFL] |= CARRY;
  world_advance(world_now() + (int64_t)left);
}

bool world_answer_cycles(ucontext_t *context) {
  greg_t *r = context->uc_mcontext.gregs;
  const uint8_t *code = (const uint8_t *)r[REG_RIP];
  /* Some processors fault at a jump's target, where there may be nothing to be looked at. */
  if (!given_up || (uint64_t)r[REG_RIP] >> ADDRESS_BITS != 0) return false;
  int length = pause_length(code);
  if (length > 0) {
    pause_until(r, (uint64_t)r[REG_RDX] << LOW_BITS | (r[REG_RAX] & LOW_WORD));
    r[REG_RIP] += length;
    return true;
  }
  if (code[0] != 0x0f) return false;
  bool with_processor = code[1] == 0x01;
  if (with_processor ? code[2] != 0xf9 : code[1] != 0x31) return false;
  int64_t cycles = WORLD_BOOT_NS + world_read();
  r[REG_RAX] = cycles & LOW_WORD;
  r[REG_RDX] = cycles >> LOW_BITS;
  if (with_processor) r[REG_RCX] = 0;
  r[REG_RIP] += with_processor ? 3 : 2;
  return true;
}

#else

void world_seal_cycles(void) {
  if (!(world.settings.flags & WORLD_REAL_CLOCK)) world.lacks |= LACK_CYCLES;
}
void world_exec_begins(struct exec_moment *moment) { *moment = (struct exec_moment){ .holds = 0 }; }
void world_exec_over(const struct exec_moment *moment) { (void)moment; }
bool world_answer_cycles(ucontext_t *context) { (void)context; return false; }

#endif
