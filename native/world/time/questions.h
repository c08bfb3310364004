/* What a question about descriptors is answered beside a child. */
#ifndef SAMESEED_WORLD_QUESTIONS_H
#define SAMESEED_WORLD_QUESTIONS_H

#include <poll.h>

/*
 * `ask` asks the kernel without waiting: how many are ready, or -errno. `fds` is what it asks for; where it is poll's, it
 * fills it. Each returns what the program is told, 0 where there is nothing to tell yet.
 */
long let_child_run(long (*ask)(void *), void *argument, struct pollfd *fds, unsigned count, long got); /* with a deadline */
long let_child_come_to_rest(struct pollfd *fds, unsigned count);        /* without one; it asks as poll does, and fills `fds` */
long ask_in_race(long (*ask)(void *), void *argument, struct pollfd *fds, unsigned count); /* without waiting */

/* A pipe that has something is told to have it, and not yet that its child has closed it: when that came is the machine's. */
void without_ends(struct pollfd *fds, unsigned count);

void questions_asked_anew(void);        /* the next without waiting is not one of a row */

#endif
