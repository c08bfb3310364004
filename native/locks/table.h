/*
 * Which process of this sandbox holds which lock. table.c says where that is kept.
 */
#ifndef SAMESEED_LOCKS_TABLE_H
#define SAMESEED_LOCKS_TABLE_H

#include <stdbool.h>
#include <stdint.h>

enum lock_kind { LOCK_OF_RANGE, LOCK_OF_FILE };
enum lock_type { LOCK_NONE, LOCK_SHARED, LOCK_EXCLUSIVE };

struct lock {
  uint64_t device, inode;       /* the kernel's own numbers */
  uint64_t owner;               /* a process id, or a number of an open file's (locks.c) */
  int64_t first, last;          /* bytes, both included */
  uint32_t pid;                 /* with which it ends */
  uint8_t kind, type;
};

/* -errno: EAGAIN where another owner's is in the way, which `other` then is; ENOLCK where there is no table or no room. */
long table_take(const struct lock *wanted, struct lock *other);
bool table_conflict(const struct lock *wanted, struct lock *other);
/* Everything of that owner, or only on the file, where `file` is not NULL. */
void table_release(uint64_t owner, const struct lock *file);
void table_release_process(uint32_t pid);
bool table_is_mapped(void);

#endif
