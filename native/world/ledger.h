/*
 * What the world tells the zygote's module: kinds of counts, and what does not hold. Shared by both, so that neither has a
 * number of its own.
 */
#ifndef SAMESEED_WORLD_LEDGER_H
#define SAMESEED_WORLD_LEDGER_H

/* In the order of `_zygote.world_step`, which python/sameseed/world/sealed.py repeats. */
enum world_kind {
  LEDGER_CLOCK, LEDGER_SLEEP, LEDGER_WAIT, LEDGER_ENTROPY /* bytes */, LEDGER_LISTING, LEDGER_STAT, LEDGER_CPU,
  LEDGER_NAMES, LEDGER_PID, LEDGER_PROCESS, LEDGER_THREAD, LEDGER_SOCKET, LEDGER_DEVICE, LEDGER_REFUSED, LEDGER_KINDS,
};

/* What does not hold in this process; `_zygote.world_name` says it. */
enum world_lack {
  LACK_VDSO = 1, LACK_TRAP = 2, LACK_AUXV = 4, LACK_THREADS = 8, LACK_RSEQ = 16, LACK_CHILDREN = 32, LACK_CYCLES = 64,
  LACK_LOOPBACK = 128, LACK_OLD_PAGE = 256, LACK_LAYOUT = 512, LACK_EPOLL = 1024,
};

#endif
