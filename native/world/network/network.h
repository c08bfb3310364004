/* The loopback network of a sandbox, as the world's other parts see it. network.c says how it works. */
#ifndef SAMESEED_WORLD_NETWORK_H
#define SAMESEED_WORLD_NETWORK_H

#include <stdbool.h>
#include <sys/socket.h>

extern bool network_there;             /* a socket was made here, or above */
bool network_is_there(void);            /* or given to this program */
bool network_is_outside(int fd);        /* a socket at whose other end another process may be */
void network_used(int fd);              /* something came or went over it */

/* As the kernel answers. */
long world_do_bind(int fd, const struct sockaddr *address, socklen_t length);
long world_do_connect(int fd, const struct sockaddr *address, socklen_t length);
long world_do_listen(int fd, int backlog);
long world_do_socketpair(int domain, int type, int protocol, int ends[2]); /* pairs.c */

#endif
