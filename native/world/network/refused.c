/*
 * What a program is told that asks for a socket where the sandbox has no network.
 */
#define _GNU_SOURCE
#include "network.h"
#include "world/threads/schedule.h"
#include "world/world.h"
#include <errno.h>
#include <sys/syscall.h>

/* Once: many programs try again and again. */
static void name_network(void) {
  static bool named;
  static const char text[] =
    "sameseed: this sandbox has no network. `network: \"loopback\"` (--network loopback) gives it one of its own, "
    "for programs that talk to each other in it.\n";
  if (!named) world_raw6(SYS_write, 2, (long)text, sizeof text - 1, 0, 0, 0);
  named = true;
}

WORLD_EXPORT int socket(int domain, int type, int protocol) {
  world_count(LEDGER_SOCKET, 1);
  int fd = REAL(socket)(domain, type, protocol);
  /* The wall forbids the call as such; what the program should be told is why. */
  if (fd < 0 && errno == EPERM) {
    if (domain == AF_INET || domain == AF_INET6) name_network();
    errno = ENETUNREACH;
  }
  if (fd >= 0) network_there = true;
  return fd;
}
