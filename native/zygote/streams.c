/*
 * A child's streams: two pipes for text, and a stream that its slot carries to the host. Or that is the host's own:
 *
 * A child that asks its host is answered once a step, and a slot in between would be woken twice for each. So the slot makes
 * a socketpair for this one child, and hands the other end to the host before the child is born. Both ends are this sandbox's
 * alone and end with it: what one sandbox leaves in a stream, sets on it or keeps of it never meets another.
 *
 * Node takes descriptors in one way only: as a message of its child processes' own protocol, one line of JSON whose bytes
 * carry the descriptor. It acknowledges each; nobody waits for that, but it has to be taken out of the way. All slots of a
 * zygote share the stream. A line is sent in one call, so that lines do not mix.
 */
#include "zygote.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "supervise.h"

enum { LINE_MOST = 128, TAKEN = 1024 };

static void take_acknowledgements(int stream) {
  char taken[TAKEN];
  struct iovec part = { taken, sizeof taken };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
  while (recvmsg(stream, &message, MSG_DONTWAIT) > 0) continue;
}

/* A stream between the child and the host; the child's end, or -1. */
static int direct_open(const struct slot *slot, uint32_t run) {
  int pair[2], stream = FD_FIRST_SLOT + (int)slot->slots;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) return -1;
  char line[LINE_MOST], control[CMSG_SPACE(sizeof(int))];
  int length = snprintf(line, sizeof line, "{\"cmd\":\"NODE_HANDLE\",\"type\":\"net.Socket\",\"msg\":{\"slot\":%u,\"run\":%u}}\n", slot->index, run);
  memset(control, 0, sizeof control);
  struct iovec part = { line, (size_t)length };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
  struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET, rights->cmsg_type = SCM_RIGHTS, rights->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(rights), &pair[1], sizeof(int));
  take_acknowledgements(stream);
  ssize_t sent;
  do sent = sendmsg(stream, &message, MSG_NOSIGNAL); while (sent < 0 && errno == EINTR);
  close(pair[1]);
  if (sent == (ssize_t)length) return pair[0];
  close(pair[0]);
  return -1;
}

int streams_open(const struct slot *slot, struct birth *birth, int output[OUTPUTS]) {
  int out[2], err[2], stream[2];
  if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0) return -1;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, stream) < 0) return -1;
  output[STDOUT] = out[0], output[STDERR] = err[0], output[STREAM] = stream[0];
  birth->out = out[1], birth->err = err[1], birth->stream = stream[1], birth->direct = -1;
  for (int i = 0; i < OUTPUTS; i++)
    if (fcntl(output[i], F_SETFL, O_NONBLOCK) < 0) return -1;
  if (birth->start->flags & START_DIRECT) birth->direct = direct_open(slot, birth->start->run);
  return birth->start->flags & START_DIRECT && birth->direct < 0 ? -1 : 0;
}
