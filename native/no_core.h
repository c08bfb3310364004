/*
 * No core of a program that a sandbox starts.
 *
 * The wall makes a sandbox's first process not dumpable, and each fork inherits that; an exec takes it back. Where
 * `kernel.core_pattern` names a socket (from Linux 6.16 on) no limit keeps a core from the host's helper, so each
 * program gives it up again as it begins. One without this library, a static one, leaves a core without memory: the
 * zygote's `coredump_filter` (zygote/wall.c) holds through an exec.
 */
#ifndef SAMESEED_NO_CORE_H
#define SAMESEED_NO_CORE_H

#include "kernel.h"
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* A zygote writes its own files below /proc, which a process that is not dumpable may not. No sandbox has a /proc. */
static inline void leave_no_core(void) {
  if (kernel_call(SYS_faccessat, AT_FDCWD, (long)"/proc/self", 0, 0, 0, 0) == 0) return;
  kernel_call(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0, 0);
}

#endif
