/*
 * Restartable sequences: libc gives the kernel a place in each thread's memory where it keeps the number of the processor
 * that the thread runs on. A program that reads it sees the machine. So the place is taken back before anything of the
 * program runs. libc then knows none and offers none to later threads. In a sandbox, the filter answers that there is no
 * such call.
 */
#define _GNU_SOURCE
#include "world/world.h"
#include <sys/auxv.h>
#include <sys/syscall.h>

enum { UNREGISTER = 1, LEAST_BYTES = 32, UNKNOWN_PROCESSOR = -2 /* libc's word for "registration failed" */ };

#if defined(__x86_64__)
#define SIGNATURE 0x53053053
#elif defined(__aarch64__)
#define SIGNATURE 0xd428bc00
#endif

#ifndef AT_RSEQ_FEATURE_SIZE
#define AT_RSEQ_FEATURE_SIZE 27
#endif

/* The first words of the kernel's struct rseq. */
struct place { uint32_t cpu_start; int32_t cpu; };

extern const ptrdiff_t __rseq_offset __attribute__((weak));

void world_end_rseq(void) {
  if (!&__rseq_offset) return;  /* a libc older than the call's use */
  struct place *place = (struct place *)((char *)__builtin_thread_pointer() + __rseq_offset);
  if (place->cpu < 0) return;
  /* Libc registered as many bytes as it and the kernel know, in whole cache lines. */
  long known = (long)getauxval(AT_RSEQ_FEATURE_SIZE), error = -EINVAL;
  for (long bytes = LEAST_BYTES; error == -EINVAL && (bytes == LEAST_BYTES || bytes < known + LEAST_BYTES); bytes += LEAST_BYTES)
    error = world_raw6(SYS_rseq, (long)place, bytes, UNREGISTER, SIGNATURE, 0, 0);
  if (error != 0) world.lacks |= LACK_RSEQ;
  else *place = (struct place){ .cpu = UNKNOWN_PROCESSOR };
}
