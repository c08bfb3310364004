/*
 * Calls that wait for a descriptor. Where the thread is the only one, the kernel waits; where there are
 * others, the descriptor is asked first and waited for in the schedule, so that the thread that will write to it can run.
 *
 * Being ready is not enough for a write: a pipe that takes one byte is ready. A pipe that is ready takes PIPE_BUF bytes,
 * so longer writes go in pieces of that; sockets are told not to wait.
 */
#define _GNU_SOURCE
#include "world/files/files.h"
#include "threads.h"
#include "world/network/network.h"
#include "world/process/pieces.h"
#include "world/process/process.h"
#include "world/process/rest.h"
#include "world/world.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * The streams of Sameseed itself: how fast their other end is depends on the machine, so nobody else runs while one of
 * them is waited for.
 */
enum { STREAMS_MOST = 16 };
static struct { uint64_t device, inode; } streams[STREAMS_MOST];

void world_note_streams(void) {
  devices_forget();
  for (int fd = 0; fd < STREAMS_MOST; fd++) {
    struct stat status = { 0 };
    long error = world_raw6(SYS_fstat, fd, (long)&status, 0, 0, 0, 0);
    streams[fd].device = error < 0 ? 0 : status.st_dev;
    streams[fd].inode = error < 0 ? 0 : status.st_ino;
  }
}

static bool is_stream(const struct stat *status) {
  for (int i = 0; i < STREAMS_MOST; i++)
    if (streams[i].inode == status->st_ino && streams[i].device == status->st_dev) return true;
  return false;
}

bool world_is_sameseeds(int fd) {
  struct stat status;
  return world_raw6(SYS_fstat, fd, (long)&status, 0, 0, 0, 0) == 0 && is_stream(&status);
}

/* What kind of thing can be waited for here; 0: nothing, the call goes to the kernel as it is. */
static mode_t kind_of(int fd) {
  struct stat status;
  if (world_raw6(SYS_fstat, fd, (long)&status, 0, 0, 0, 0) < 0 || S_ISREG(status.st_mode) || is_stream(&status)) return 0;
  long flags = world_raw6(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0);
  if (flags < 0 || (flags & O_NONBLOCK)) return 0;
  /* What has no type is an event's or a timer's descriptor: read like a device. */
  return status.st_mode & S_IFMT ? status.st_mode & S_IFMT : S_IFCHR;
}

/* Waits until the call would not: 0, or -1 with EINTR. */
static int until_ready(int fd, short events) {
  struct pollfd asked = { .fd = fd, .events = events };
  struct timespec none = { 0, 0 };
  bool asks = !world_races(&asked, 1);
  for (;; asks = true) {
    if (asks && world_raw6(SYS_ppoll, (long)&asked, 1, (long)&none, 0, 0, 0) != 0) return 0;
    struct world_wait wait = { .fds = &asked, .fd_count = 1, .deadline = WORLD_NEVER };
    enum world_outcome ended = world_block(&wait);
    if (ended == WAIT_INTERRUPTED) {
      errno = EINTR;
      return -1;
    }
  }
}

static int until_readable(int fd) {
  return world_simple() || kind_of(fd) == 0 ? 0 : until_ready(fd, POLLIN);
}

WORLD_EXPORT ssize_t read(int fd, void *buffer, size_t count) {
  files_asked(fd, NULL);
  if (until_readable(fd) < 0) return -1;
  if (WORLD_UNLIKELY(rest_watches) && pieces_before_read(fd, &count) < 0) return world_result(-EINTR);
  ssize_t n = REAL(read)(fd, buffer, count);
  if (WORLD_UNLIKELY(n < 0) && errno == EAGAIN) world_early_ask();
  return n;
}

/* A read may get less than it asks for: the first parts, those that are filled, or a piece of the very first. */
static ssize_t read_pieces(int fd, const struct iovec *parts, int count) {
  size_t all = 0, filled = 0;
  for (int i = 0; i < count; i++) all += parts[i].iov_len;
  size_t bytes = all;
  if (pieces_before_read(fd, &bytes) < 0) return world_result(-EINTR);
  if (bytes == all) return REAL(readv)(fd, parts, count);
  int whole = 0;
  while (whole < count && filled + parts[whole].iov_len <= bytes) filled += parts[whole++].iov_len;
  return filled == 0 ? REAL(read)(fd, parts[whole].iov_base, bytes) : REAL(readv)(fd, parts, whole);
}

WORLD_EXPORT ssize_t readv(int fd, const struct iovec *parts, int count) {
  if (until_readable(fd) < 0) return -1;
  return WORLD_UNLIKELY(rest_watches) ? read_pieces(fd, parts, count) : REAL(readv)(fd, parts, count);
}

/* Whether a child that was to read it is still there is real time's to say. */
static ssize_t reached(ssize_t written) {
  if (WORLD_UNLIKELY(written < 0) && errno == EPIPE) world_early_ask();
  return written;
}

/* One piece that will not wait; -1 as write gives it. */
static ssize_t write_piece(int fd, mode_t kind, const char *from, size_t count) {
  if (until_ready(fd, POLLOUT) < 0) return -1;
  if (kind == S_IFSOCK) return reached(REAL(send)(fd, from, count, MSG_DONTWAIT));
  if (kind == S_IFIFO && count > PIPE_BUF) count = PIPE_BUF;
  return reached(REAL(write)(fd, from, count));
}

/* Sameseed takes whatever it is given: who would not wait for it waits here. */
static ssize_t write_whole(int fd, const char *from, size_t count) {
  struct pollfd asked = { .fd = fd, .events = POLLOUT };
  ssize_t n = reached(REAL(write)(fd, from, count));
  bool is_short = n < 0 ? errno == EAGAIN : (size_t)n < count;
  if (WORLD_LIKELY(!is_short) || !world_is_sameseeds(fd)) return n;
  size_t done = n < 0 ? 0 : (size_t)n;
  while (done < count) {
    world_raw6(SYS_ppoll, (long)&asked, 1, 0, 0, 0, 0);
    n = REAL(write)(fd, from + done, count - done);
    if (n < 0 && errno != EAGAIN) return done > 0 ? (ssize_t)done : -1;
    if (n > 0) done += (size_t)n;
  }
  return (ssize_t)done;
}

WORLD_EXPORT ssize_t write(int fd, const void *buffer, size_t count) {
  world_wrote = true;
  if (world_simple()) return write_whole(fd, buffer, count);
  mode_t kind = kind_of(fd);
  if (kind != S_IFIFO && kind != S_IFSOCK) return write_whole(fd, buffer, count);
  size_t done = 0;
  do {
    ssize_t n = write_piece(fd, kind, (const char *)buffer + done, count - done);
    if (n < 0 && errno == EAGAIN && kind == S_IFSOCK) continue;
    if (n < 0) return done > 0 ? (ssize_t)done : -1;
    done += (size_t)n;
  } while (done < count);
  return (ssize_t)done;
}

WORLD_EXPORT ssize_t writev(int fd, const struct iovec *parts, int count) {
  world_wrote = true;
  mode_t kind = world_simple() ? 0 : kind_of(fd);
  if (kind != S_IFIFO && kind != S_IFSOCK) return reached(REAL(writev)(fd, parts, count));
  ssize_t done = 0;
  for (int i = 0; i < count; i++) {
    ssize_t n = write(fd, parts[i].iov_base, parts[i].iov_len);
    if (n < 0) return done > 0 ? done : -1;
    done += n;
    if ((size_t)n < parts[i].iov_len) break;
  }
  return done;
}

/* ---- sockets ---- */

static int socket_readable(int fd, int flags) {
  return flags & MSG_DONTWAIT ? 0 : until_readable(fd);
}

/* Real time decides what a question without waiting finds. */
static ssize_t noted(ssize_t got) {
  if (WORLD_UNLIKELY(got < 0) && errno == EAGAIN) world_early_ask();
  return got;
}

WORLD_EXPORT ssize_t recv(int fd, void *buffer, size_t count, int flags) {
  return socket_readable(fd, flags) < 0 ? -1 : noted(REAL(recv)(fd, buffer, count, flags));
}

WORLD_EXPORT ssize_t recvfrom(int fd, void *restrict buffer, size_t count, int flags, __SOCKADDR_ARG from, socklen_t *restrict length) {
  if (socket_readable(fd, flags) < 0) return -1;
  if (from.__sockaddr__) network_used(fd);
  return noted(REAL(recvfrom)(fd, buffer, count, flags, from, length));
}

WORLD_EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
  return socket_readable(fd, flags) < 0 ? -1 : noted(REAL(recvmsg)(fd, message, flags));
}

WORLD_EXPORT ssize_t send(int fd, const void *buffer, size_t count, int flags) {
  world_wrote = true;
  if (world_simple() || (flags & MSG_DONTWAIT) || kind_of(fd) == 0) return reached(REAL(send)(fd, buffer, count, flags));
  size_t done = 0;
  do {
    if (until_ready(fd, POLLOUT) < 0) return done > 0 ? (ssize_t)done : -1;
    ssize_t n = reached(REAL(send)(fd, (const char *)buffer + done, count - done, flags | MSG_DONTWAIT));
    if (n < 0 && errno == EAGAIN) continue;
    if (n < 0) return done > 0 ? (ssize_t)done : -1;
    done += (size_t)n;
  } while (done < count);
  return (ssize_t)done;
}

WORLD_EXPORT int accept(int fd, __SOCKADDR_ARG address, socklen_t *restrict length) {
  return accept4(fd, address, length, 0);
}

WORLD_EXPORT int accept4(int fd, __SOCKADDR_ARG address, socklen_t *restrict length, int flags) {
  if (socket_readable(fd, 0) < 0) return -1;
  int got = (int)noted(REAL(accept4)(fd, address, length, flags));
  if (got >= 0) network_used(got);
  return got;
}

/* How much has come is real time's to say. */
WORLD_EXPORT int ioctl(int fd, unsigned long request, ...) {
  va_list rest;
  va_start(rest, request);
  void *argument = va_arg(rest, void *);
  va_end(rest);
  if (request == FIONREAD && world_is_sameseeds(fd)) {
    *(int *)argument = 0;
    return 0;
  }
  if (request == FIONREAD) world_early_ask();
  return REAL(ioctl)(fd, request, argument);
}
