/*
 * The sealed world's state, and what the parts of libworld.so share. state.c opens with how it works.
 */
#ifndef SAMESEED_WORLD_WORLD_H
#define SAMESEED_WORLD_WORLD_H

#include "kernel.h"
#include "ledger.h"
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORLD_EXPORT __attribute__((visibility("default")))
#define WORLD_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define WORLD_UNLIKELY(condition) __builtin_expect(!!(condition), 0)

enum { WORLD_VERSION = 1, WORLD_KEY_BYTES = 32, WORLD_HOSTNAME_BYTES = 64 };
#define WORLD_SECOND 1000000000ll
#define WORLD_EPOCH_NS (946684800ll * WORLD_SECOND) /* 2000-01-01T00:00:00Z */
#define WORLD_BOOT_NS (1000ll * WORLD_SECOND)       /* what MONOTONIC and BOOTTIME begin at */

enum world_flag {
  WORLD_REAL_CLOCK = 1,         /* clocks are the machine's; waits are still skipped, and what they skip is added */
};
enum { DIRENTS_SORTED = 0, DIRENTS_REVERSED = 1, DIRENTS_SHUFFLED = 2 };
enum { WORLD_DESCRIPTORS_MOST = 256 };    /* files that a process of a sandbox may have open */
enum { THREADS_BATON = 0, THREADS_TURNED = 1, THREADS_FREE = 2 };

/*
 * What a world is made of: every value a program could find different on another day or machine. The audit changes one
 * at a time. It lies in the job, in SAMESEED_WORLD and in `_zygote.world_begin(bytes)` as it lies in memory: little-endian,
 * 168 bytes. Fields left zero mean the sealed world's own value where the comment names one.
 *
 *   offset  type      field              sealed world
 *        0  u32       version            1
 *        4  u32       flags              0 (enum world_flag)
 *        8  u8[32]    key                SHA-256("sameseed/world/1" NUL role NUL seed literal)
 *       40  i64       epoch_ns           0 = 946684800 s: what REALTIME begins at
 *       48  i64       tick_ns            0 = 1000: what a read of a clock adds
 *       56  i64       step_ns            0 = 1000000: the clock is at least k times this at step k
 *       64  u64       entropy_salt       0; mixed into the key
 *       72  u64       inode_offset       0; added to every inode number a program sees
 *       80  i64       mtime_offset_ns    0; a file's times get this times (1 + inode % 7)
 *       88  u32       dirents            0 sorted by name, 1 reversed, 2 shuffled
 *       92  u32       cpus               0 = 1
 *       96  u32       pid_offset         0; added to what getpid and getppid say
 *      100  u32       threads            0 one at a time, 1 the same the other way round, 2 beside each other too (watch.c)
 *      104  char[64]  hostname           empty = "sandbox"; NUL-terminated
 */
struct world_settings {
  uint32_t version, flags;
  uint8_t key[WORLD_KEY_BYTES];
  int64_t epoch_ns, tick_ns, step_ns;
  uint64_t entropy_salt, inode_offset;
  int64_t mtime_offset_ns;
  uint32_t dirents, cpus, pid_offset, threads;
  char hostname[WORLD_HOSTNAME_BYTES];
};
_Static_assert(sizeof(struct world_settings) == 168, "the layout is written in other places too");

/* ChaCha20's output, taken a block at a time. */
struct world_stream { uint32_t key[8]; uint64_t block; uint32_t used; uint8_t bytes[64]; };

/* One per process; a fork copies it, an exec passes it on in SAMESEED_WORLD. */
struct world_state {
  int64_t now;                  /* logical nanoseconds since the epoch of this world */
  int64_t tick;                 /* what the next read adds */
  uint32_t reads;               /* of clocks, in a row */
  uint32_t lacks;               /* enum world_lack */
  uint64_t ledger[LEDGER_KINDS];
  uint64_t beside[LEDGER_KINDS]; /* what was counted while real time decided how often; see racing.c */
  uint32_t racing;              /* enum world_race */
  uint32_t raced;               /* CHILDREN: more than a wait for a child; see racing.c */
  int64_t hidden;               /* ticks that a race does not show */
  struct world_settings settings; /* zeros replaced by what they stand for */
  struct world_stream entropy;
  uint32_t births;              /* processes ever begun here: the n-th child's entropy follows from it */
  uint32_t depth;               /* 0 in the process that began the world */
  uint32_t begun;               /* world_begin was called here or above */
  uint32_t lock_reads;          /* whether this interpreter's locks read the clock */
  int64_t real_zero;            /* WORLD_REAL_CLOCK: CLOCK_MONOTONIC where `now` was 0 */
  uint64_t mapped;              /* how much the zygote has mapped, which limits of memory are counted on top of */
};
extern struct world_state world;

/* ---- the kernel, without libc and without this library (returns -errno) ---- */

#define world_raw6 kernel_call

/* What this library asks although the sandbox's filter catches the call. */
#define world_own(number, a, b, c, d, e) \
  kernel_call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), KERNEL_OWN)

/* A raw result as libc's functions give it. */
static inline long world_result(long raw) {
  if (raw >= 0 || raw < -4095) return raw;
  errno = (int)-raw;
  return -1;
}

/* ---- lacks.c ---- */

void world_lacks(uint32_t lack);        /* this does not hold any more (enum world_lack) */
void world_lacks_too(uint32_t lack);    /* for another process of the sandbox, by this one's doing */
uint32_t world_others_lack(void);       /* what processes below this one have found */

/* ---- racing.c: when what happens next is a matter of real time ---- */

/* CHILDREN: a child may be at work beside this process. THREADS: threads run beside each other (watch.c). */
enum world_race { RACE_NONE, RACE_CHILDREN, RACE_THREADS };

void world_race_begin(void);    /* a child is about to be made */
void world_race_over(void);     /* one was waited for: whether none is left */
void world_race_threads(void);
void world_race_settle(void);   /* the counts are about to be taken */
int64_t world_race_boundary(void); /* they have been taken: what the clock is to show at least */
void world_race_lost(void);     /* what a child does next is the machine's to say, and was asked for */
void world_race_handler(int signal);    /* a handler was given */
void world_early_ask(void);     /* a question that is not waited with, whose answer real time decides in a race */

/* Where a count of this kind goes now. */
static inline uint64_t *world_ledger(enum world_kind kind) {
  if (WORLD_LIKELY(!world.racing)) return &world.ledger[kind];
  /* Children and threads come to be by the program's own doing, however often it asks how they are. */
  bool made = kind == LEDGER_PROCESS || kind == LEDGER_THREAD;
  return made && world.racing != RACE_THREADS ? &world.ledger[kind] : &world.beside[kind];
}

/* ---- state.c ---- */

/* Counts what a program asked for. Anything but a clock read ends a row of clock reads. */
static inline void world_count(enum world_kind kind, uint64_t amount) {
  *world_ledger(kind) += amount;
  world.reads = 0;
  world.tick = world.settings.tick_ns;
}

void world_apply(const struct world_settings *settings); /* a new world: its clock at 0, its key, an empty ledger */

/* "SAMESEED_WORLD=" and the state of a new program in hex, and "LD_PRELOAD=" with this library. */
enum { WORLD_AUXV_MOST = 32, WORLD_PASSED_BYTES = 16 + 2 * (168 + 56) + 16 * WORLD_AUXV_MOST };
struct exec_moment;
void world_pass_on(char to[WORLD_PASSED_BYTES], const uint8_t key[WORLD_KEY_BYTES], uint32_t depth, const struct exec_moment *moment);
extern char world_preload[];
/* "GLIBC_TUNABLES=" and what libc is told of the processor in every program of this world; empty: nothing. */
enum { WORLD_TUNABLES_BYTES = 1024 };
extern char world_tunables[WORLD_TUNABLES_BYTES];

/*
 * Python reads the clock for every lock it takes, whether or not it has to wait. That is the interpreter's habit, not the
 * program's question, so the semaphore the lock is made of takes such a read back. Call it where a semaphore is asked for.
 */
static inline void world_lock_taken(void) {
  if (!world.lock_reads || world.reads == 0) return;
  world.reads--;
  --*world_ledger(LEDGER_CLOCK);
}

/* ---- clock.c ---- */

int64_t world_now(void);        /* logical nanoseconds; asking adds nothing */
int64_t world_read(void);       /* a program's read: counts, ticks, runs what is due */
void world_advance(int64_t to); /* never backwards */
void world_tick(int64_t ns);    /* lets a little time pass; in a race it shows later, and all at once */
void world_real_begin(void);    /* WORLD_REAL_CLOCK: from now on */
int64_t world_clock_base(int clock);          /* what `clock` shows at logical 0; see world_clock_known */
bool world_clock_known(int clock);
int64_t world_clock_read(int clock);          /* base + read */

/* ---- timers.c: timers that raise signals, as the schedule sees them ---- */

int64_t world_next_timer(void); /* WORLD_NEVER without one */
void world_fire_timers(void);   /* raises what is due; the signal comes when the caller unblocks it */
void world_forget_timers(void);

/* ---- entropy.c ---- */

void world_fill(void *to, size_t length);     /* the stream's next bytes, counted */
void world_fill_uncounted(void *to, size_t length);
void world_rekey(const uint8_t key[WORLD_KEY_BYTES], uint64_t salt);
/* A key that follows from the stream's: label 'f' and the number of a child, 'x' for the program an exec begins. */
void world_derive(uint8_t to[WORLD_KEY_BYTES], uint8_t label, uint64_t number);
/* A descriptor with seeded bytes, or -errno; for a path that has none, NOT_A_DEVICE. */
enum { NOT_A_DEVICE = -4096 };
int world_open_device(const char *path, int flags);
int world_open_chance(int flags);

/* ---- rseq.c ---- */

void world_end_rseq(void);      /* the kernel no longer writes the processor's number into each thread */

/* ---- process.c ---- */

uint64_t world_refused(void);   /* programs refused since the last call, here and in forked children */

/* elf.c: NULL where this library can live in the program, else why not. Says nothing of what cannot be opened. */
const char *world_unsealable(const char *path);
/* The path after a script's `#!`, cut off in place; NULL where `head` begins no script. It has room for one byte more. */
char *world_script_interpreter(char *head, long length);

/* ---- vdso.c, trap.c ---- */

void world_patch_vdso(void);
void world_even_out(void);   /* process/places.c */
/* Around an exec, and in what it began. */
void world_widen_stack(void);
void world_narrow_stack(void);
void world_settle_stack(void);
void world_place_large(bool were_placed); /* process/large.c: for programs that one with such places begins, too */
bool world_places_large(void);
/* For this library itself: empty memory, and more of it; or -errno. */
long world_map(size_t bytes, int flags);
long world_remap(void *old, size_t old_bytes, size_t bytes);
/* A system call as this library answers it; false where it is the kernel's to answer. */
bool world_emulate(long number, const long arguments[6], long *result);

#endif
