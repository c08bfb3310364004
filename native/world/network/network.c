/*
 * Sockets of the sandbox's own loopback network (`network: "loopback"`). Other sandboxes have none, and ask in vain.
 *
 *   Ports       What the kernel would choose at random is chosen here, in order: one row of ports for those that are bound,
 *               another for those that connect, each process beginning at a place that follows from its number. So the port
 *               that a program is told is the same in every run.
 *   Connecting  is done when the call returns, whether or not the socket waits: on one machine there is nothing to wait
 *               for but room in the other's queue. Where nobody listens yet, a program that has just started its server
 *               would try again some number of times that the machine decides; so the call itself tries again for a while
 *               of real time, as long as a child lives.
 *   Time-outs   of waits for another process, on a socket or by an epoll that watches one, last as long as they say, in real
 *               time, or in processor time of the others where they work (threads/work.c): an answer that comes in time
 *               costs no logical time, so what a program sees does not hang on how fast it came (threads/turns.c).
 *
 * What is left to the machine: how much of a stream one read gets, and who of several is heard first. So a process that
 * used the network says `loopback` among what does not hold, and no tier is claimed.
 */
#define _GNU_SOURCE
#include "network.h"
#include "world/threads/threads.h"
#include "world/world.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BOUND_FIRST = 32768, CONNECTED_FIRST = 45056, PORTS = 12288, PORTS_APART = 96, QUEUE_MOST = 32 };
enum { SETTLE_TRIES = 40, SETTLE_NS = 500000, RETRY_NS = 2000000 };
#define LISTEN_NS 10000000000ll /* of real time that the children of a process have to listen, since the last was made */

enum row { ROW_BOUND, ROW_CONNECTED, ROWS };

/* ---- whose sockets ---- */

bool network_there;

static bool own_end(int fd, struct sockaddr_in *at) {
  socklen_t length = sizeof *at;
  memset(at, 0, sizeof *at);
  return world_raw6(SYS_getsockname, fd, (long)at, (long)&length, 0, 0, 0) == 0 && at->sin_family == AF_INET;
}

static bool other_end(int fd, struct sockaddr_in *at) {
  socklen_t length = sizeof *at;
  return world_raw6(SYS_getpeername, fd, (long)at, (long)&length, 0, 0, 0) == 0;
}

static bool is_stream(int fd) {
  int type = 0;
  socklen_t length = sizeof type;
  return world_raw6(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, (long)&type, (long)&length, 0) == 0 && type == SOCK_STREAM;
}

bool network_is_there(void) {
  static bool looked;
  struct sockaddr_in own;
  for (int i = 0; i < WORLD_DESCRIPTORS_MOST && !looked && world.depth > 0; i++)
    if (own_end(i, &own)) network_there = true;
  looked = true;
  return network_there;
}

/* What nobody is connected to may be spoken to by anybody. */
bool network_is_outside(int fd) {
  struct sockaddr_in own, peer, each;
  struct stat status;
  /* Most programs have no socket, and a new one may have been given some. */
  if (!network_there && world.depth == 0) return false;
  if (world_raw6(SYS_fstat, fd, (long)&status, 0, 0, 0, 0) < 0 || !S_ISSOCK(status.st_mode)) return false;
  if (!own_end(fd, &own) || (world.depth == 0 && !world_has_child())) return false;
  if (!other_end(fd, &peer)) return true;
  for (int i = 0; i < WORLD_DESCRIPTORS_MOST; i++)
    if (i != fd && own_end(i, &each) && each.sin_port == peer.sin_port) return false;
  return true;
}

void network_used(int fd) {
  struct sockaddr_in own;
  if (!(world.lacks & LACK_LOOPBACK) && own_end(fd, &own) && world.begun) world_lacks(LACK_LOOPBACK);
}

/* ---- ports ---- */

static long bind_to(int fd, const void *address, socklen_t length) {
  return world_own(SYS_bind, fd, address, length, 0, 0);
}

/* The next port of a row that nobody has. */
static long bind_next(int fd, enum row row, struct sockaddr_in at) {
  static uint32_t next[ROWS];
  static long process;
  long self = world_raw6(SYS_getpid, 0, 0, 0, 0, 0, 0), error = -EADDRINUSE;
  if (process != self)
    for (int i = 0; i < ROWS; i++) next[i] = (uint32_t)self * PORTS_APART;
  process = self;
  for (int tries = 0; tries < PORTS && error == -EADDRINUSE; tries++) {
    uint32_t first = row == ROW_BOUND ? BOUND_FIRST : CONNECTED_FIRST;
    at.sin_port = htons((uint16_t)(first + next[row]++ % PORTS));
    error = bind_to(fd, &at, sizeof at);
  }
  return error;
}

/* Gives a socket that has no port one, as the kernel would. */
static long take_port(int fd, enum row row) {
  struct sockaddr_in at;
  if (!own_end(fd, &at) || at.sin_port != 0) return 0;
  return bind_next(fd, row, at);
}

long world_do_bind(int fd, const struct sockaddr *address, socklen_t length) {
  struct sockaddr_in at, now;
  /* Whoever can be sent to is met by what the machine's timing brings. */
  network_used(fd);
  if (!address || length < sizeof at) return bind_to(fd, address, length);
  memcpy(&at, address, sizeof at);
  if (at.sin_family != AF_INET || at.sin_port != 0 || !own_end(fd, &now) || now.sin_port != 0)
    return bind_to(fd, address, length);
  return bind_next(fd, ROW_BOUND, at);
}

WORLD_EXPORT int bind(int fd, __CONST_SOCKADDR_ARG address, socklen_t length) {
  return (int)world_result(world_do_bind(fd, address.__sockaddr__, length));
}

long world_do_listen(int fd, int backlog) {
  network_used(fd);
  long error = take_port(fd, ROW_BOUND);
  /* As long as the wall lets it be; kernels that do not shorten it themselves are told to (zygote/loopback.c). */
  bool is_long = (unsigned)backlog > QUEUE_MOST;
  return error < 0 ? error : world_own(SYS_listen, fd, is_long ? QUEUE_MOST : backlog, 0, 0, 0);
}

WORLD_EXPORT int listen(int fd, int backlog) {
  return (int)world_result(world_do_listen(fd, backlog));
}

/* ---- connecting ---- */

static long pending_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  world_raw6(SYS_getsockopt, fd, SOL_SOCKET, SO_ERROR, (long)&error, (long)&length, 0);
  return -error;
}

/* One try without waiting: 0, the error, or -EINPROGRESS where the other's queue is full. */
static long try_connect(int fd, const void *address, socklen_t length) {
  long error = world_own(SYS_connect, fd, address, length, 0, 0);
  /* What remains of the last try, which was told of already. */
  if (error == -ECONNABORTED) error = world_own(SYS_connect, fd, address, length, 0, 0);
  for (int tries = 0; error == -EINPROGRESS && tries < SETTLE_TRIES; tries++) {
    struct pollfd asked = { .fd = fd, .events = POLLOUT };
    struct timespec moment = { 0, SETTLE_NS };
    if (world_raw6(SYS_ppoll, (long)&asked, 1, (long)&moment, 0, 0, 0) > 0) error = pending_error(fd);
  }
  return error;
}

/* As long as another process may be about to listen. */
static long connect_patiently(int fd, const void *address, socklen_t length) {
  long error = try_connect(fd, address, length);
  bool refused = error == -ECONNREFUSED;
  static uint32_t births;
  static int64_t left;
  if (births != world.births) left = LISTEN_NS, births = world.births;
  while (error == -ECONNREFUSED && left > 0 && world_child_lives()) {
    struct timespec moment = { 0, RETRY_NS };
    world_raw6(SYS_ppoll, 0, 0, (long)&moment, 0, 0, 0);
    left -= world_work_passed(RETRY_NS, left);
    error = try_connect(fd, address, length);
  }
  if (refused && error == 0) world_patience_refill();
  return error;
}

/* A full queue is emptied by a thread of this process or by another. */
static long wait_for_room(int fd) {
  struct pollfd asked = { .fd = fd, .events = POLLOUT };
  struct world_wait wait = { .fds = &asked, .fd_count = 1, .deadline = WORLD_NEVER };
  if (world_block(&wait) == WAIT_INTERRUPTED) return -EINTR;
  return pending_error(fd);
}

long world_do_connect(int fd, const struct sockaddr *address, socklen_t length) {
  struct sockaddr_in own;
  if (!own_end(fd, &own)) return world_own(SYS_connect, fd, address, length, 0, 0);
  long error = take_port(fd, ROW_CONNECTED);
  if (error < 0) return error;
  if (!is_stream(fd)) {
    network_used(fd);
    return world_own(SYS_connect, fd, address, length, 0, 0);
  }
  long flags = world_raw6(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0);
  world_raw6(SYS_fcntl, fd, F_SETFL, flags | O_NONBLOCK, 0, 0, 0);
  error = connect_patiently(fd, address, length);
  world_raw6(SYS_fcntl, fd, F_SETFL, flags, 0, 0, 0);
  if (error == -EINPROGRESS && !(flags & O_NONBLOCK)) error = wait_for_room(fd);
  if (error == 0 || error == -EINPROGRESS) network_used(fd);
  return error;
}

WORLD_EXPORT int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t length) {
  return (int)world_result(world_do_connect(fd, address.__sockaddr__, length));
}

WORLD_EXPORT ssize_t sendto(int fd, const void *bytes, size_t count, int flags, __CONST_SOCKADDR_ARG to, socklen_t length) {
  world_wrote = true;
  if (to.__sockaddr__) {
    long error = take_port(fd, ROW_CONNECTED);
    if (error < 0) return world_result(error);
    network_used(fd);
    /* A datagram waits for nobody on this device. To a stream the address says nothing, and it may have to wait. */
    struct sockaddr_in own;
    if (!own_end(fd, &own) || !is_stream(fd)) return REAL(sendto)(fd, bytes, count, flags, to, length);
  }
  return send(fd, bytes, count, flags);
}
