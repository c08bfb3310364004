/* Numbers of open files: which descriptors of this process share one. */
#ifndef SAMESEED_LOCKS_NUMBERS_H
#define SAMESEED_LOCKS_NUMBERS_H

#include <stdint.h>

/* Upper half: the process that gave it out. 0: there is no room for more. */
uint64_t numbers_for(int fd);
enum { NUMBERS_MOST = 256 };

/* These descriptors have none any more. Writes which numbers have no descriptor left, and returns how many. */
unsigned numbers_forget(unsigned first, unsigned last, uint64_t gone[NUMBERS_MOST]);
void numbers_copied(int from, int to);
void numbers_forked(void);      /* in the child */

#endif
