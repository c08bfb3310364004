/*
 * Messages in several parts. The wall refuses sendmsg, which passes descriptors; what it is mostly used for is had without:
 * its parts are sent as one. gRPC sends this way, and asyncio from Python 3.12 on. A message that carries anything beside its
 * bytes goes to the kernel, which refuses it.
 */
#define _GNU_SOURCE
#include "world/threads/schedule.h"
#include "world/world.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

/* What a stream takes at a time, and the largest packet: more than any queue of a sandbox's sockets holds. */
enum { CHUNK_BYTES = 1 << 14, PACKET_MOST = 1 << 20 };

/* Where the next byte of a message is. */
struct place { const struct msghdr *message; size_t part, at; };

static size_t gather(struct place *from, char *to, size_t room) {
  size_t done = 0;
  while (done < room && from->part < from->message->msg_iovlen) {
    const struct iovec *part = &from->message->msg_iov[from->part];
    size_t left = part->iov_len - from->at;
    size_t taken = left < room - done ? left : room - done;
    if (taken > 0) memcpy(to + done, (const char *)part->iov_base + from->at, taken);
    done += taken;
    from->at += taken;
    if (from->at == part->iov_len) from->part++, from->at = 0;
  }
  return done;
}

/* Piece by piece: a stream that took a part of one has no room now, or its call does not wait. */
static ssize_t send_stream(int fd, const struct msghdr *message, size_t length, int flags) {
  struct place next = { message, 0, 0 };
  char chunk[CHUNK_BYTES];
  size_t done = 0;
  do {
    size_t piece = gather(&next, chunk, sizeof chunk);
    ssize_t sent = send(fd, chunk, piece, flags);
    if (sent < 0) return done > 0 ? (ssize_t)done : -1;
    done += (size_t)sent;
    if ((size_t)sent < piece) break;
  } while (done < length);
  return (ssize_t)done;
}

static ssize_t send_packet(int fd, const struct msghdr *message, size_t length, int flags) {
  if (length > PACKET_MOST) return world_result(-EMSGSIZE);
  struct place next = { message, 0, 0 };
  char *packet = malloc(length + 1);
  if (!packet) return world_result(-ENOBUFS);
  gather(&next, packet, length);
  ssize_t sent = message->msg_name
    ? sendto(fd, packet, length, flags, message->msg_name, message->msg_namelen)
    : send(fd, packet, length, flags);
  int error = errno;
  free(packet);
  errno = error;
  return sent;
}

WORLD_EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  if (message->msg_controllen > 0) return REAL(sendmsg)(fd, message, flags);
  if (message->msg_iovlen > IOV_MAX) return world_result(-EMSGSIZE);
  size_t length = 0;
  for (size_t part = 0; part < message->msg_iovlen; part++)
    if (__builtin_add_overflow(length, message->msg_iov[part].iov_len, &length) || length > SSIZE_MAX)
      return world_result(-EINVAL);
  int type = 0;
  socklen_t size = sizeof type;
  long asked = world_raw6(SYS_getsockopt, fd, SOL_SOCKET, SO_TYPE, (long)&type, (long)&size, 0);
  if (asked < 0) return world_result(asked);
  return type == SOCK_STREAM ? send_stream(fd, message, length, flags) : send_packet(fd, message, length, flags);
}

WORLD_EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  unsigned done = 0;
  for (; done < count && done < IOV_MAX; done++) {
    ssize_t sent = sendmsg(fd, &messages[done].msg_hdr, flags);
    if (sent < 0) return done > 0 ? (int)done : -1;
    messages[done].msg_len = (unsigned)sent;
  }
  return (int)done;
}
