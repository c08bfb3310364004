/* Whether what descends from this process rests: rest.c. */
#ifndef SAMESEED_WORLD_REST_H
#define SAMESEED_WORLD_REST_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the sandbox's own /dev/shm. */
#define REST_NAME ".sameseed-rest"

/* Whether any of the following but the first five need be called. */
extern bool rest_watches;

void rest_birth(void);          /* a child is about to be made */
void rest_expects(void);        /* by a fork */
void rest_born(int32_t pid);    /* it was, or was not */
void rest_child(void);          /* in a child that fork made */
void rest_program(void);        /* in a program that a child began */

/* Before this process waits in the kernel for pipes, without taking anything from them, or for a child; and after that. */
void rest_waits(const struct pollfd *fds, unsigned count);
void rest_waits_for_child(int32_t pid);     /* 0: any */
/* Tells which children have ended, again and again while it waits with some that have not. */
void rest_counts_dead(void);
bool rest_has_children(void);
void rest_runs(void);

bool rest_reached(void);        /* nobody below this process will do anything until somebody else does */

/*
 * Waits for rest end: programs need not tell what they wait for, and one that sleeps in a loop never rests, as no sleep takes time.
 * A wait begins; how long its next step is; after each, which took so long, whether it lasts too long, where something has come or not.
 * Then it is given up, for good. A step that somebody's telling ended has taken REST_TOLD_NS at least, and nobody can ask the real clock.
 */
void rest_wait_begins(void);
long rest_step_ns(void);
bool rest_waited_in_vain(int64_t ns, bool has_something);
bool rest_given_up(void);
void rest_give_up(void);        /* says that `children` does not hold */

uint64_t rest_pipe(int fd);     /* the number of a pipe; 0: it is none */
bool rest_is_there(void);       /* whether there is a table */
bool rest_is_told(void);        /* whether this process tells in it */

/* Until somebody has told something since that word, or a step of real time: 0, -EAGAIN, -EINTR, or -ETIMEDOUT. */
enum { REST_STEP_NS = 200000, REST_LATER_NS = 2000000, REST_TOLD_NS = 20000 };
uint32_t rest_word(void);
long rest_sleep(uint32_t word);

#endif
