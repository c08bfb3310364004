/*
 * What libc and the kernel say of the processor: constants. How large its caches are, and how much of a stack a signal takes,
 * which grows with its registers. That is told as it is where the registers are largest, so that it is enough everywhere.
 */
#define _GNU_SOURCE
#include "process.h"
#include "world/threads/schedule.h"
#include <linux/membarrier.h>
#include <sys/auxv.h>
#include <unistd.h>

enum { SIGNAL_STACK = 16384, USUAL_FACTOR = 4, LINE = 64, FIRST_LEVEL = 32 << 10, SECOND_LEVEL = 256 << 10, THIRD_LEVEL = 8 << 20 };

/* As libc has it of any x86-64, and the registers of threads' memory, which every kernel has let programs write since 5.9. */
enum { X86_PLATFORM = 2, X86_SEGMENTS = 2 };

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif
#ifndef AT_RSEQ_FEATURE_SIZE
#define AT_RSEQ_FEATURE_SIZE 27
#define AT_RSEQ_ALIGN 28
#endif

bool world_of_processor(int name, long *value) {
  switch (name) {
    case _SC_LEVEL1_ICACHE_SIZE:
    case _SC_LEVEL1_DCACHE_SIZE: *value = FIRST_LEVEL; return true;
    case _SC_LEVEL2_CACHE_SIZE: *value = SECOND_LEVEL; return true;
    case _SC_LEVEL3_CACHE_SIZE: *value = THIRD_LEVEL; return true;
    case _SC_LEVEL1_ICACHE_ASSOC:
    case _SC_LEVEL1_DCACHE_ASSOC:
    case _SC_LEVEL2_CACHE_ASSOC: *value = 8; return true;
    case _SC_LEVEL3_CACHE_ASSOC: *value = 16; return true;
    case _SC_LEVEL1_ICACHE_LINESIZE:
    case _SC_LEVEL1_DCACHE_LINESIZE:
    case _SC_LEVEL2_CACHE_LINESIZE:
    case _SC_LEVEL3_CACHE_LINESIZE: *value = LINE; return true;
    case _SC_LEVEL4_CACHE_SIZE:
    case _SC_LEVEL4_CACHE_ASSOC:
    case _SC_LEVEL4_CACHE_LINESIZE: *value = 0; return true;
#ifdef _SC_MINSIGSTKSZ
    case _SC_MINSIGSTKSZ: *value = SIGNAL_STACK; return true;
    case _SC_SIGSTKSZ: *value = USUAL_FACTOR * SIGNAL_STACK; return true;
#endif
    default: return false;
  }
}

WORLD_EXPORT unsigned long getauxval(unsigned long type) {
  switch (type) {
    case AT_MINSIGSTKSZ: return SIGNAL_STACK;
    /* A thread's memory is not the kernel's to write, whatever it could (rseq.c). */
    case AT_RSEQ_FEATURE_SIZE:
    case AT_RSEQ_ALIGN: errno = ENOENT; return 0;
#if defined(__x86_64__)
    case AT_HWCAP: return X86_PLATFORM;
    case AT_HWCAP2: return X86_SEGMENTS;
#endif
    default: return REAL(getauxval)(type);
  }
}

/* Which barriers among a process's own threads there are: the ones that the wall allows. */
long world_do_barriers(void) {
  return MEMBARRIER_CMD_PRIVATE_EXPEDITED | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED |
         MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE |
         MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ | MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ;
}
