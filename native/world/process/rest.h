/* Whether what descends from this process rests: rest.c. */
#ifndef SAMESEED_WORLD_REST_H
#define SAMESEED_WORLD_REST_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether any of the following but the first three need be called. */
extern bool rest_watches;

void rest_birth(void);          /* a child is about to be made */
void rest_child(void);          /* in a child that fork made */
void rest_program(void);        /* in a program that a child began */

/* Before this process waits in the kernel for pipes, without taking anything from them, or for a child; and after that. */
void rest_waits(const struct pollfd *fds, unsigned count);
void rest_waits_for_child(void);
void rest_runs(void);

bool rest_reached(void);        /* nobody below this process will do anything until somebody else does */

/*
 * Before a read: of a child's pipe, waits until how much it gets does not hang on the machine, and takes `bytes` down to half of what the
 * pipe holds; in a child, waits until there is something. 0, or -EINTR.
 */
long rest_before_read(int fd, size_t *bytes);

#endif
