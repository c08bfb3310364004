/* The table in which processes tell what they wait for: rest.c tells, resting.c looks. */
#ifndef SAMESEED_WORLD_REST_TABLE_H
#define SAMESEED_WORLD_REST_TABLE_H

#include "rest.h"
#include "world/world.h"
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { ENTRIES = 64, WAITED_MOST = 4, TABLE_BYTES = 4096, UNBORN = -1 };

/* DEAD: has ended, and its parent has not asked for it. */
enum rest_state { RUNS, WAITS, WAITS_FOR_CHILD, DEAD };
struct rest_entry {
  int32_t pid, parent;
  uint32_t state, count;
  int32_t child;                /* that is waited for; 0: any */
  uint64_t pipes[WAITED_MOST];
};
struct rest_table {
  uint32_t crowded;             /* somebody found no place */
  uint32_t word, sleepers;      /* changes whenever somebody has told something; who sleeps on it */
  struct rest_entry entries[ENTRIES];
};
_Static_assert(sizeof(struct rest_table) <= TABLE_BYTES, "the table fits its file");

struct rest_table *rest_shared(void);   /* NULL where there is none */
void rest_tell_dead(struct rest_entry *entry);

static inline int32_t rest_number_of(long call) { return (int32_t)world_raw6(call, 0, 0, 0, 0, 0, 0); }

static inline bool rest_is_gone(int32_t pid) { return world_raw6(SYS_kill, pid, 0, 0, 0, 0, 0) == -ESRCH; }

static inline struct rest_entry *rest_entry_of(int32_t pid) {
  for (unsigned i = 0; i < ENTRIES; i++)
    if (rest_shared()->entries[i].pid == pid) return &rest_shared()->entries[i];
  return NULL;
}

static inline uint32_t rest_state_of(const struct rest_entry *entry) { return __atomic_load_n(&entry->state, __ATOMIC_ACQUIRE); }

/* A child that has ended and was not asked for: what it held is closed. */
static inline bool rest_has_died(int32_t pid) {
  siginfo_t found = { 0 };
  long error = world_raw6(SYS_waitid, P_PID, pid, (long)&found, WEXITED | WNOHANG | WNOWAIT, 0, 0);
  return error == 0 && found.si_pid == pid;
}

#endif
