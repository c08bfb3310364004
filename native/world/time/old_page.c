/*
 * The old page: three system calls at a fixed address of every process on x86-64, for programs of another age. Kernels answer
 * them under the process's filter, so the world does. A kernel that is itself a program (User Mode Linux) does not see them:
 * the one below answers, and knows of no filter. Nothing can take the page away there, so it is tried, and said.
 *
 * Where there is no page the try is a fault. Both ends of it, the filter's signal and the fault, come here before anything
 * is counted.
 */
#define _GNU_SOURCE
#include "old_page.h"
#include "world/world.h"

#if defined(__x86_64__)

#define TIME_ENTRY 0xffffffffff600400ull
/* No clock is set before it, and no error is as large. */
#define A_DATE 1000000000

static volatile bool trying;

void world_try_old_page(void) {
  if (world.settings.flags & WORLD_REAL_CLOCK) return;
  trying = true;
  time_t date = ((time_t (*)(time_t *))TIME_ENTRY)(NULL);
  trying = false;
  if (date >= A_DATE) world.lacks |= LACK_OLD_PAGE;
}

bool world_old_page_trapped(ucontext_t *context) {
  if (!trying) return false;
  context->uc_mcontext.gregs[REG_RAX] = 0;
  return true;
}

/* Comes back as the entry would have. */
bool world_old_page_missing(ucontext_t *context) {
  greg_t *r = context->uc_mcontext.gregs;
  if (!trying || (uint64_t)r[REG_RIP] != TIME_ENTRY) return false;
  r[REG_RIP] = *(const greg_t *)r[REG_RSP];
  r[REG_RSP] += (greg_t)sizeof(greg_t);
  r[REG_RAX] = 0;
  return true;
}

#else

void world_try_old_page(void) {}
bool world_old_page_trapped(ucontext_t *context) { (void)context; return false; }

#endif
