/*
 * Pairs of sockets, which every sandbox may make. How much one holds is a setting of the host's (net.core.wmem_default,
 * rmem_default), and what a write that does not wait can give away follows from it. Here it is what the kernel's own is.
 */
#define _GNU_SOURCE
#include "network.h"
#include "world/world.h"
#include <sys/syscall.h>

/* The kernel doubles it. */
enum { HELD_BYTES = 212992 / 2 };

static void settle(int fd, int option) {
  const int bytes = HELD_BYTES;
  world_raw6(SYS_setsockopt, fd, SOL_SOCKET, option, (long)&bytes, sizeof bytes, 0);
}

long world_do_socketpair(int domain, int type, int protocol, int ends[2]) {
  long error = world_own(SYS_socketpair, domain, type, protocol, ends, 0);
  for (int i = 0; error == 0 && i < 2; i++) {
    settle(ends[i], SO_SNDBUF);
    settle(ends[i], SO_RCVBUF);
  }
  return error;
}

WORLD_EXPORT int socketpair(int domain, int type, int protocol, int ends[2]) {
  return (int)world_result(world_do_socketpair(domain, type, protocol, ends));
}
