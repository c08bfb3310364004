/*
 * The processor's counter of cycles: rdtsc and rdtscp.
 *
 * What the counter says is another way to ask for the time, and programs compare it with the clock: absl, which XLA is
 * built with, measures it against the clock again and again until two results agree, so how often it looks would be the
 * machine's doing. The kernel lets a process give the instruction up (PR_SET_TSC); then it faults, and the handler here
 * answers with the logical clock: one cycle a nanosecond, counted and ticking as any read of a clock.
 *
 * The fault is SIGSEGV, which is a program's own too. Its handler is kept here (faults.c) and called for every other
 * fault. Threads and forks inherit what was given up, and so does a program that an exec begins: its dynamic linker
 * reads the counter before any library's code can run, so the instruction is given back for the moment of an exec.
 *
 * Other processors than x86-64's keep their counters, and the receipt says `cycles`: most kernels cannot take them away there.
 */
#define _GNU_SOURCE
#include "cycles.h"
#include "world/world.h"
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)

enum { LOW_BITS = 32 };
#define LOW_WORD 0xffffffffll

static bool given_up;

static bool set(int how) { return world_raw6(SYS_prctl, PR_SET_TSC, how, 0, 0, 0, 0) == 0; }

void world_seal_cycles(void) {
  bool real = world.settings.flags & WORLD_REAL_CLOCK;
  if (real && given_up) set(PR_TSC_ENABLE);
  given_up = !real && set(PR_TSC_SIGSEGV);
  if (!real && !given_up) world.lacks |= LACK_CYCLES;
}

void world_cycles_for_exec(bool begins) {
  if (given_up) set(begins ? PR_TSC_ENABLE : PR_TSC_SIGSEGV);
}

bool world_answer_cycles(ucontext_t *context) {
  greg_t *r = context->uc_mcontext.gregs;
  const uint8_t *code = (const uint8_t *)r[REG_RIP];
  if (!given_up || code[0] != 0x0f) return false;
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
void world_cycles_for_exec(bool begins) { (void)begins; }
bool world_answer_cycles(ucontext_t *context) { (void)context; return false; }

#endif
