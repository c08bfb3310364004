/*
 * File locks among the processes of one sandbox, as the kernel's calls have them. locks.c says how.
 */
#ifndef SAMESEED_LOCKS_LOCKS_H
#define SAMESEED_LOCKS_LOCKS_H

#include <stdbool.h>

/* What whoever links this provides: waits until `attempt` says true; false where a signal came first. */
bool locks_wait(bool (*attempt)(void *), void *argument);
void locks_refused(void);       /* a lock on one of the image's files was asked for */
void locks_in_the_way(void);    /* a lock was not given because another process has it */

bool locks_is_command(int command);                     /* F_SETLK and its like */
long locks_fcntl(int fd, int command, void *argument);  /* -errno */
long locks_flock(int fd, int operation);

/* Whether anything of the following need be called: this process has asked for a lock. */
extern bool locks_used;
void locks_leaving(int fd);     /* before its file is closed */
void locks_leaving_range(unsigned first, unsigned last);
void locks_forget(int fd);      /* a new number, whatever was noted of it */
void locks_copied(int from, int to);
void locks_forked(void);        /* in the child */
void locks_exit(void);

/* Whether the lock that was last not given could be had now; true where none was missed. */
extern bool locks_missed;
bool locks_could_be_had(void *nothing);

#endif
