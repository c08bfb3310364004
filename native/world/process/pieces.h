/* In which pieces a child's output is read: pieces.c. */
#ifndef SAMESEED_WORLD_PIECES_H
#define SAMESEED_WORLD_PIECES_H

#include <stddef.h>

/*
 * Before a read: of a child's pipe, waits until how much it gets does not hang on the machine, and takes `bytes` down to a quarter of what
 * the pipe holds; in a child, waits until there is something. 0, or -EINTR.
 */
long pieces_before_read(int fd, size_t *bytes);

void streams_tell(void);        /* streams.c: C's streams ask so before they read, from now on */

#endif
