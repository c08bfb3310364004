/*
 * A link is a stream between two sandboxes, a referee's and a policy's. Its two ends must be inherited by children of
 * two different slots, so one slot makes the pair and hands the other end over its sibling's inbox, with a token that
 * the host gave to both. An end whose start was abandoned stays in an inbox; its token no longer matches, and it is
 * closed when the next one is taken.
 */
#include "zygote.h"
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "supervise.h"

enum { TAKE_TIMEOUT_MS = 10000 };

int link_make(int inbox, uint64_t token) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) return -1;
  char control[CMSG_SPACE(sizeof(int))];
  memset(control, 0, sizeof control);
  struct iovec part = { &token, sizeof token };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
  struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(rights), &pair[1], sizeof(int));
  ssize_t sent = sendmsg(inbox, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  int error = errno;
  close(pair[1]);
  if (sent == (ssize_t)sizeof token) return pair[0];
  close(pair[0]);
  errno = error;
  return -1;
}

static int receive_end(int inbox, uint64_t *token) {
  char control[CMSG_SPACE(sizeof(int))];
  struct iovec part = { token, sizeof *token };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
  if (recvmsg(inbox, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != (ssize_t)sizeof *token) return -1;
  struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
  if (!rights || rights->cmsg_type != SCM_RIGHTS) { errno = EPROTO; return -1; }
  int end;
  memcpy(&end, CMSG_DATA(rights), sizeof end);
  return end;
}

int link_take(int inbox, uint64_t token) {
  uint64_t deadline = monotonic_us() + TAKE_TIMEOUT_MS * 1000ull;
  for (;;) {
    uint64_t now = monotonic_us();
    if (now >= deadline) { errno = ETIMEDOUT; return -1; }
    struct pollfd wait = { inbox, POLLIN, 0 };
    if (poll(&wait, 1, (int)((deadline - now) / 1000) + 1) < 0 && errno != EINTR) return -1;
    uint64_t seen;
    int end = receive_end(inbox, &seen);
    if (end >= 0) {
      if (seen == token) return end;
      close(end);
    } else if (errno != EAGAIN && errno != EINTR) {
      return -1;
    }
  }
}

/* Every link of a start, or none of them. */
int links_open(struct slot *slot, struct birth *birth) {
  for (uint32_t i = 0; i < birth->start->links; i++) {
    const struct link *link = &birth->start->link[i];
    if (link->kind == LINK_MAKE && link->peer < slot->slots)
      birth->link[i] = link_make(slot->peer_inbox[link->peer], link->token);
    else
      birth->link[i] = link_take(slot->inbox, link->token);
    if (birth->link[i] < 0) {
      int error = errno;
      while (i-- > 0) close(birth->link[i]);
      errno = error;
      return -1;
    }
  }
  return 0;
}
