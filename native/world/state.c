/*
 * The sealed world.
 *
 * libworld.so stands in front of libc in every process of a sealed sandbox (LD_PRELOAD). What a program would find
 * different on another day or machine it finds the same in every run: the clock, what waiting costs, entropy, the order
 * of directories, the CPU count, names. Nothing here protects anybody: the wall does that. A program that goes out of its
 * way to reach past this library harms its own reproducibility only.
 *
 *   Clock     One number, logical nanoseconds `m`, per process. REALTIME is an epoch + m, MONOTONIC 1000 s + m, CPU clocks
 *             m. A read adds a tick of 1 us, so a loop that waits for a moment ends; after 100 reads in a row the tick
 *             doubles up to 1 ms, so that it ends soon. A sleep or a timed wait sets m to its deadline and takes no time.
 *             At step k of an episode m is at least k ms: one read more in an early step moves nothing later.
 *   Entropy   One ChaCha20 stream per process, keyed by the seed; a child's key follows from its parent's and its number.
 *   Begin     A zygote lives with the world from its first instruction, keyed by zeros: what imports read is the same in
 *             every zygote. In the sandbox's own process world_begin sets the clock to 0 and the key to the seed's.
 *   Fork      copies the state with the memory. An exec finds it in SAMESEED_WORLD, which the wrappers of process.c put
 *             into the new program's environment beside LD_PRELOAD, whatever environment the caller chose. Both are taken
 *             out of `environ` again here, so that a program sees only what it was given. So is what libc is told of the
 *             processor: how the linker searches for libraries, and with it what lies in the heap, hangs on that.
 *   Raw calls System calls that do not go through libc are caught by the sandbox's seccomp filter and answered by trap.c.
 *   Libc      This library begins before libc's own initialisation (the linker's `initfirst`): up to the end of
 *             `begin_process` nothing of libc is called. What needs the function behind a wrapper finds it later by
 *             dlsym. The library's own waits and clock reads are system calls that the filter does not catch.
 *
 * Not covered: instructions that ask the processor (rdpid, cpuid, and rdrand without a look at CPUID); calls by an
 * instruction of a program's own that the filter cannot tell from the linker's, such as newfstatat; a program begun by an
 * execve instruction of the caller's own, past libc: on x86-64 its linker dies of SIGSEGV at its look at the counter of cycles,
 * elsewhere it has no library and reads the vDSO. A static program is refused at exec (elf.c). A child's clock goes on from its parent's at its birth, and the parent's does not follow the child's.
 */
#include "world.h"
#include "no_core.h"
#include "world/process/passing.h"
#include "world/process/rest.h"
#include "world/threads/schedule.h"
#include "world/time/cycles.h"
#include "world/time/signals.h"
#include "world/time/vdso.h"
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

enum { TICK_NS = 1000, STEP_NS = 1000000 };

struct world_state world;

static void settle(struct world_settings *settings) {
  settings->version = WORLD_VERSION;
  if (settings->epoch_ns == 0) settings->epoch_ns = WORLD_EPOCH_NS;
  if (settings->tick_ns <= 0) settings->tick_ns = TICK_NS;
  if (settings->step_ns <= 0) settings->step_ns = STEP_NS;
  if (settings->cpus == 0) settings->cpus = 1;
  settings->hostname[WORLD_HOSTNAME_BYTES - 1] = 0;
  if (settings->hostname[0] == 0) memcpy(settings->hostname, "sandbox", sizeof "sandbox");
}

/* The 16 bytes the kernel gives each program for its canaries; some runtimes take their seeds from them. */
static void seed_auxv(void) {
  uint8_t *bytes = (uint8_t *)getauxval(AT_RANDOM);
  if (bytes) world_fill_uncounted(bytes, 16);
  else world.lacks |= LACK_AUXV;
}

void world_apply(const struct world_settings *settings) {
  struct world_state kept = world;
  world = (struct world_state){
    .settings = *settings, .lacks = kept.lacks, .lock_reads = kept.lock_reads, .mapped = kept.mapped,
  };
  settle(&world.settings);
  world.tick = world.settings.tick_ns;
  world_forget_timers();
  world_due_at = WORLD_NEVER;
  world_seal_cycles();
  world_real_begin();
  world_rekey(world.settings.key, world.settings.entropy_salt);
  seed_auxv();
}

__attribute__((constructor)) static void begin_process(int count, char **arguments, char **environment) {
  (void)count, (void)arguments;
  struct passed passed = { .settings = { .version = WORLD_VERSION } };
  leave_no_core();
  bool inherited = world_take_environment(environment, &passed);
  world_apply(&passed.settings);
  if (inherited) {
    world.now = passed.now;
    world.mapped = passed.mapped;
    world.depth = passed.depth;
    world.begun = passed.begun;
    if (passed.real_zero) world.real_zero = passed.real_zero;
  }
  world_end_rseq();
  world_patch_vdso();
  world_even_out();
  world_place_large(passed.placed);
  /* A zygote's own exec is native/zygote/layout.c's. */
  if (passed.placed && (world.begun || world.depth > 0)) world_settle_stack();
  world_install_own_signals();
  if (passed.moment.holds) signals_restore(&passed.moment.signals);
  if (world.begun && world.depth > 0) rest_program();
  /* Before that it is a zygote, whose copies may be given the machine's clock. */
  if (world.begun) world_hide_kernel_pages();
}

/* Whether they are the settings of the world that has begun, but for the key: what runs in it has no other to choose. */
static bool is_same_world(struct world_settings settings) {
  settle(&settings);
  settings.entropy_salt = world.settings.entropy_salt;
  memcpy(settings.key, world.settings.key, WORLD_KEY_BYTES);
  return memcmp(&settings, &world.settings, sizeof settings) == 0;
}

/* ---- what native/zygote/world_bridge.c finds by name ---- */

WORLD_EXPORT int sameseed_world_begin(const void *settings, size_t length) {
  struct world_settings copy;
  if (length != sizeof copy) return -1;
  memcpy(&copy, settings, sizeof copy);
  if (copy.version != WORLD_VERSION || (world.begun && !is_same_world(copy))) return -1;
  world_schedule_forked();
  world_note_streams();
  world_apply(&copy);
  world.begun = 1;
  world_hide_kernel_pages();
  return 0;
}

/* The zygote has as much mapped as its copies begin with. */
WORLD_EXPORT void sameseed_world_mapped(uint64_t bytes);
WORLD_EXPORT void sameseed_world_mapped(uint64_t bytes) { world.mapped = bytes; }

/* All entropy from here on follows from another key; the clock, the counts and what lives already stay as they are. */
WORLD_EXPORT int sameseed_world_rekey(const void *key, size_t length) {
  if (length != WORLD_KEY_BYTES) return -1;
  world_rekey(key, world.settings.entropy_salt);
  return 0;
}

/*
 * What has begun with the key of no seed goes on as if it had begun with these settings. That is so where no entropy was
 * taken, by this process or a child; the clock and the counts are those it would have.
 */
WORLD_EXPORT int sameseed_world_go_on(const void *settings, size_t length) {
  struct world_settings copy;
  if (length != sizeof copy) return -1;
  memcpy(&copy, settings, sizeof copy);
  if (copy.version != WORLD_VERSION || !world.begun || !is_same_world(copy)) return -1;
  memcpy(world.settings.key, copy.key, WORLD_KEY_BYTES);
  world_rekey(world.settings.key, world.settings.entropy_salt);
  seed_auxv();
  return 0;
}

/* The clock and the counts of a moment that a process goes back to. */
static struct { int64_t now, tick; uint64_t ledger[LEDGER_KINDS]; unsigned reads; } kept;

/* What was counted since the last boundary, without making one; sameseed_world_return comes back to this moment. */
WORLD_EXPORT void sameseed_world_look(uint64_t counts[LEDGER_KINDS], uint64_t beside[LEDGER_KINDS]) {
  memcpy(counts, world.ledger, sizeof *counts * LEDGER_KINDS);
  memcpy(beside, world.beside, sizeof *beside * LEDGER_KINDS);
  kept.now = world.now, kept.tick = world.tick, kept.reads = (unsigned)world.reads;
  memcpy(kept.ledger, world.ledger, sizeof kept.ledger);
}

/* What was done since then is no part of what the program does. */
WORLD_EXPORT void sameseed_world_return(void) {
  world.now = kept.now, world.tick = kept.tick, world.reads = kept.reads;
  memcpy(world.ledger, kept.ledger, sizeof kept.ledger);
}

/* Returns whether anything was counted since the last boundary; `beside` is what real time had a part in. */
WORLD_EXPORT int sameseed_world_step(uint64_t step, uint64_t counts[LEDGER_KINDS], uint64_t beside[LEDGER_KINDS]) {
  uint64_t any = 0;
  *world_ledger(LEDGER_REFUSED) += world_refused();
  world_race_settle();
  for (unsigned i = 0; i < LEDGER_KINDS; i++) {
    any |= world.ledger[i] | world.beside[i];
    counts[i] = world.ledger[i];
    beside[i] = world.beside[i];
    world.ledger[i] = 0;
  }
  int64_t raced = world_race_boundary();
  world.reads = 0;
  world.tick = world.settings.tick_ns;
  int64_t least = (int64_t)step * world.settings.step_ns;
  if (least < raced) least = raced;
  if (world_now() < least) {
    world_advance(least);
    if (least >= world_due_at) world_due();
  }
  return any != 0;
}

/* Between two calls with a lock taken in between; see world_lock_taken. */
WORLD_EXPORT void sameseed_world_watch_lock(int begin) {
  static uint64_t before;
  if (begin) {
    world.lock_reads = 0;
    before = world.ledger[LEDGER_CLOCK];
  } else {
    world.lock_reads = world.ledger[LEDGER_CLOCK] > before;
  }
}

WORLD_EXPORT uint32_t sameseed_world_lacks(void) {
  world.lacks |= world_others_lack();
  return world.lacks;
}
