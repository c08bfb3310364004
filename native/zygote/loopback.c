/*
 * The network of a sandbox that asks for one (`network: "loopback"`).
 *
 * The network namespace that the child is born into is its own and has one device, which is down. Rights over it come with
 * the child's user namespace and are dropped with the others. Before that the child raises the device, and makes small what
 * its kernel holds for nobody: what lies in a connection that no program has accepted yet is no control group's memory.
 * A queue and a buffer have settings (`queues`). How many queues there are has none, so the slot counts: each `listen` of the
 * sandbox waits for it, and is refused where enough sockets listen already. The filter that hands the calls over is a
 * sandbox's first; the descriptor over which they come is the slot's alone.
 */
#include "zygote.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "supervise.h"

enum { LISTENERS_MOST = 64, STATE_AT = 34, PATH_BYTES = 48, READ_BYTES = 4096 };

/* Connections that wait to be accepted; what one may have received, at first and at most; ends of connections that linger. */
static const char *const queues[][2] = {
  { "/proc/sys/net/core/somaxconn", "32" },
  { "/proc/sys/net/ipv4/tcp_rmem", "4096 8192 65536" },
  { "/proc/sys/net/ipv4/tcp_wmem", "4096 16384 262144" },
  { "/proc/sys/net/ipv4/tcp_max_tw_buckets", "4096" },
};

/* ---- in the child ---- */

static void raise_device(int err) {
  struct ifreq device = { .ifr_name = "lo", .ifr_flags = IFF_UP };
  int fd = (int)SUPERVISE(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0, 0, 0, 0);
  if (fd < 0 || SUPERVISE(SYS_ioctl, fd, SIOCSIFFLAGS, &device, 0, 0, 0) < 0) wall_fail(err, "raise the loopback device");
  close(fd);
}

static void make_small(int err) {
  for (unsigned i = 0; i < sizeof queues / sizeof queues[0]; i++) {
    int fd = open(queues[i][0], O_WRONLY | O_CLOEXEC);
    size_t length = strlen(queues[i][1]);
    if (fd < 0 || write(fd, queues[i][1], length) != (ssize_t)length) wall_fail(err, queues[i][0]);
    close(fd);
  }
}

static int hand_over(int to, int fd) {
  char byte = 'L', control[CMSG_SPACE(sizeof fd)];
  memset(control, 0, sizeof control);
  struct iovec part = { &byte, sizeof byte };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
  struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET, rights->cmsg_type = SCM_RIGHTS, rights->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  return sendmsg(to, &message, MSG_NOSIGNAL) == sizeof byte ? 0 : -1;
}

static void have_counted(int err, int slot) {
  struct sock_filter code[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_listen, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { sizeof code / sizeof code[0], code };
  int fd = (int)SUPERVISE(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program, 0, 0, 0);
  if (fd < 0 || hand_over(slot, fd) < 0) wall_fail(err, "have listening sockets counted");
  close(fd), close(slot);
}

void loopback_raise(const struct birth *birth) {
  raise_device(birth->err);
  make_small(birth->err);
  have_counted(birth->err, birth->counted);
}

/* ---- in the slot ---- */

int loopback_open(struct listening *listening, struct birth *birth) {
  int pair[2];
  *listening = (struct listening){ -1, -1 };
  birth->counted = -1;
  if (!(birth->start->flags & START_LOOPBACK)) return 0;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) return -1;
  listening->handed = pair[0], birth->counted = pair[1];
  return 0;
}

int loopback_descriptor(const struct listening *listening) {
  return listening->calls >= 0 ? listening->calls : listening->handed;
}

static void leave(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

static void take(struct listening *listening) {
  char byte, control[CMSG_SPACE(sizeof(int))];
  struct iovec part = { &byte, sizeof byte };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
  ssize_t got = recvmsg(listening->handed, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  struct cmsghdr *rights = got == sizeof byte ? CMSG_FIRSTHDR(&message) : NULL;
  if (rights && rights->cmsg_type == SCM_RIGHTS) memcpy(&listening->calls, CMSG_DATA(rights), sizeof(int));
  leave(&listening->handed);
}

/*
 * How many sockets listen in that process's network: the first rows of the kernel's table. No more than are of interest are
 * looked at. Nothing here allocates: a slot's heap lies as it lay in every slot.
 */
static unsigned count_listeners(pid_t pid) {
  static const char listens[] = "0A";
  char path[PATH_BYTES], text[READ_BYTES];
  unsigned count = 0, column = 0;
  int is_header = 1;
  snprintf(path, sizeof path, "/proc/%d/net/tcp", (int)pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return LISTENERS_MOST;
  for (ssize_t n; (n = read(fd, text, sizeof text)) > 0;)
    for (ssize_t i = 0; i < n; i++, column++) {
      unsigned of_state = column - STATE_AT;
      if (text[i] == '\n') column = -1u, is_header = 0;
      if (is_header || column == -1u || of_state > 1) continue;
      if (text[i] != listens[of_state]) goto end;
      if (of_state == 1 && ++count >= LISTENERS_MOST) goto end;
    }
end:
  close(fd);
  return count;
}

static void answer(int calls, pid_t pid) {
  struct seccomp_notif call;
  memset(&call, 0, sizeof call);
  /* Whoever called may be dead by now. */
  if (SUPERVISE(SYS_ioctl, calls, SECCOMP_IOCTL_NOTIF_RECV, &call, 0, 0, 0) < 0) return;
  struct seccomp_notif_resp verdict = { .id = call.id };
  if (count_listeners(pid) < LISTENERS_MOST) verdict.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  else verdict.error = -ENOBUFS;
  SUPERVISE(SYS_ioctl, calls, SECCOMP_IOCTL_NOTIF_SEND, &verdict, 0, 0, 0);
}

void loopback_look(struct listening *listening, pid_t pid, short events) {
  if (listening->calls < 0) take(listening);
  else if (events & POLLIN) answer(listening->calls, pid);
  else leave(&listening->calls);
}

void loopback_close(struct listening *listening) {
  leave(&listening->handed);
  leave(&listening->calls);
}
