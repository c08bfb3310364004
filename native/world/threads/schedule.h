/*
 * The one place where a thread of a sealed process waits. schedule.c says how it works.
 */
#ifndef SAMESEED_WORLD_SCHEDULE_H
#define SAMESEED_WORLD_SCHEDULE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#define WORLD_NEVER INT64_MAX

enum world_outcome { WAIT_OVER, WAIT_TIMEOUT, WAIT_INTERRUPTED };

/* What a thread waits for; whichever comes first ends the wait. Fields left zero mean nothing to wait for, except
 * `deadline`, which is always set. */
struct world_wait {
  const void *address;          /* until world_wake(address) */
  struct pollfd *fds;           /* until one of them is ready; revents is filled in */
  unsigned fd_count;
  bool (*attempt)(void *);      /* until this says true: what other processes decide, such as a child's end */
  void *argument;
  int64_t deadline;             /* logical nanoseconds, or WORLD_NEVER */
  /* The schedule's own. */
  uint64_t order;
  enum world_outcome outcome;
};

/* Gives the baton away until the wait is over. Also right in a process with one thread. */
enum world_outcome world_block(struct world_wait *wait);

/* Ends up to `count` waits on this address, longest waiting first; returns how many. They run when the caller blocks. */
unsigned world_wake(const void *address, unsigned count);

/* Lets every other thread that can run do so first; logical time passes, so that a loop around it ends. */
void world_yield(void);

/* Called by every clock read at or after world_due_at: whose deadline has passed runs now. */
void world_due(void);
extern int64_t world_due_at;

/* Whether this is the only thread; then nothing needs the schedule. */
extern unsigned world_live;
static inline bool world_alone(void) { return world_live == 1; }
/* Nor does a timer run that has to end a wait. */
static inline bool world_simple(void) { return world_live == 1 && world_due_at == WORLD_NEVER; }

/*
 * Whether what a child does decides, while other threads could run: then a wait must not be skipped because the descriptor
 * happens to be ready already.
 */
bool world_races(struct pollfd *fds, unsigned count);

/* In the child of a fork: only the caller is left. */
void world_schedule_forked(void);

/* Has the calling thread's signals wait, but for those of its own doing; and lets them come again. */
void signals_block(uint64_t *before);
void signals_restore(const uint64_t *before);

/* What was counted of turns in a race decides nothing after it. */
void world_schedule_settle(void);

/* Remembers which descriptors are Sameseed's own; before anything of a job. */
void world_note_streams(void);

/* The function that this library stands in front of. */
void *world_real(void **slot, const char *name);
#define REAL(name) ({ static void *slot_; (__typeof__(&name))world_real(&slot_, #name); })

#endif
