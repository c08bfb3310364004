/*
 * Trunks: processes that have run environment code and can be copied while they wait for the host.
 *
 * Theory of operation
 *   trunk    a referee that waits in `await_message`. It obeys MSG_COPY there, in C, so that no Python object is made, moved
 *            or freed between two copies: the hundredth is born like the first, and goes on like the trunk itself.
 *   copy     a process of the trunk's pid namespace that waits in C, frozen, with files and a network namespace of its own
 *            and a stream to the host. It is a slot (slot.c): the host puts it into a control group and has it start
 *            children, one after the other. It can be copied too. It dies with the trunk.
 *   child    a copy's child. It builds the wall (copy_wall.c) and returns from the very same `await_message`, with a new
 *            stream at descriptor 3: a branch behind the whole wall, or a trunk again, which is how a checkpoint goes on.
 *
 * Each generation of trunks lies one pid and one user namespace deeper, and the kernel allows 32. The host counts them.
 *
 * A trunk must look like a sandbox to the code in it. So streams for copies come when they are needed, over a descriptor that
 * lies above every limit (FD_TREE), and with each the outer wall's /proc, which ids are mapped through. A copy takes a number
 * that programs are not given, and nothing that a trunk's own children do with `wait` or signals meets it.
 *
 * What is said by a trunk, a copy or a branch is said by code that the environment may have changed. The host takes it for
 * that (src/sandbox/zygote/tree.ts).
 */
#include "zygote.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "supervise.h"

enum { HEAD = 5, GIFTS = 3, CONTROL = 4 * 64 };

/* What comes with a stream: the pipe whose end tells the zygote that its holder is gone, and /proc. */
struct gift { int stream, notice, proc; };

static struct slot *self;
static struct start sizes;      /* the trunk's own */
static int notice = -1;         /* a copy's */
static uint64_t kept_mask;      /* the trunk's blocked signals, while its copy blocks all */

void trunk_know(struct slot *slot) {
  self = slot;
}

void trunk_begin(struct slot *slot, const struct start *start) {
  sizes = *start;
  slot->is_trunk = 1;
  slot->user = SUPERVISE(SYS_geteuid, 0, 0, 0, 0, 0, 0);
  slot->group = SUPERVISE(SYS_getegid, 0, 0, 0, 0, 0, 0);
}

static int take_gift(uint32_t index, struct gift *gift) {
  for (;;) {
    uint32_t seen;
    char control[CONTROL] __attribute__((aligned(8)));
    struct iovec part = { &seen, sizeof seen };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
    ssize_t got = recvmsg(FD_TREE, &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got != sizeof seen) return -1;
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    if (!rights || rights->cmsg_type != SCM_RIGHTS || rights->cmsg_len != CMSG_LEN(sizeof *gift)) return -1;
    memcpy(gift, CMSG_DATA(rights), sizeof *gift);
    if (seen == index) return 0;
    /* For a copy that was never made. */
    close(gift->stream), close(gift->notice), close(gift->proc);
  }
}

/* A clock of the kernel's that would run out in the trunk and not in its copy. */
static int has_timer(void) {
  for (int which = ITIMER_REAL; which <= ITIMER_PROF; which++) {
    struct itimerval timer;
    if (SUPERVISE(SYS_getitimer, which, &timer, 0, 0, 0, 0) < 0 || timer.it_value.tv_sec || timer.it_value.tv_usec) return 1;
  }
  return 0;
}

static void give_up_copy(const char *why) {
  send_message(self->stream, MSG_ERROR, 0, why, strlen(why));
  SUPERVISE(SYS_exit_group, 1, 0, 0, 0, 0, 0);
}

static void raise_limits(void) {
  struct rlimit processes;
  if (getrlimit(RLIMIT_NPROC, &processes) < 0) return;
  processes.rlim_cur = processes.rlim_max;
  setrlimit(RLIMIT_NPROC, &processes);
}

/* The copy's part. Returns 1 in its child, which goes on. */
static int freeze(const struct gift *gift, int ready, const struct copy_order *order) {
  uint64_t all = ~0ull;
  if (self->is_frozen) close(self->stream), close(self->proc), close(notice);
  else SUPERVISE(SYS_rt_sigprocmask, SIG_SETMASK, &all, &kept_mask, sizeof all, 0, 0);
  self->stream = gift->stream, self->proc = gift->proc, notice = gift->notice;
  self->is_frozen = 1, self->is_trunk = 0, self->number = order->number, self->index = order->index;
  if (setsid() < 0) give_up_copy("a copy cannot lead a session");
  if (copy_take_user(self) < 0) give_up_copy("a copy cannot take an id of its own");
  prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  int ours[] = { gift->stream, gift->proc, gift->notice, ready };
  const char *wrong = open_files_find(self->proc, ours, sizeof ours / sizeof ours[0]);
  if (!wrong) wrong = own_files_make(&sizes, self->stream);
  if (!wrong) wrong = open_files_take_own();
  if (wrong) give_up_copy(wrong);
  raise_limits();
  /* The trunk's job, which nobody here asks for. */
  madvise(self->job, JOB_BYTES_MAX, MADV_DONTNEED);
  send_message(self->stream, MSG_COPIED, 0, order, sizeof *order);
  close(ready);
  if (!slot_serve(self)) return 0;
  SUPERVISE(SYS_rt_sigprocmask, SIG_SETMASK, &kept_mask, NULL, sizeof kept_mask, 0, 0);
  return 1;
}

/* Copies this process, which waits. Returns 1 in what goes on, 0 here. */
static int copy_self(const struct copy_order *order) {
  struct gift gift;
  int ready[2];
  if (order->number >= COPY_NUMBERS || take_gift(order->index, &gift) < 0 || SUPERVISE(SYS_pipe2, ready, O_CLOEXEC, 0, 0, 0, 0) < 0) return 0;
  pid_t number = COPY_PID - (pid_t)order->number;
  struct clone_args args = {
    .flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_CHILD_SETTID | (self->is_frozen ? CLONE_PARENT : 0),
    .set_tid = (uint64_t)(uintptr_t)&number, .set_tid_size = 1, .child_tid = libc_number,
  };
  /* No signal at its end, so that a program that waits for its own children does not meet it. */
  pid_t pid = has_timer() ? -1 : (pid_t)SUPERVISE(SYS_clone3, &args, sizeof args, 0, 0, 0, 0);
  if (pid == 0) {
    close(ready[0]);
    return freeze(&gift, ready[1], order);
  }
  if (pid < 0) {
    if (has_timer()) errno = EBUSY;
    send_error(gift.stream, has_timer() ? "a timer runs" : "clone3");
  }
  close(gift.stream), close(gift.notice), close(gift.proc), close(ready[1]);
  char end;
  /* Its files are read until it lets go of the pipe. */
  while (read(ready[0], &end, 1) < 0 && errno == EINTR) continue;
  close(ready[0]);
  return 0;
}

/* A copy that is asked to be copied. */
int trunk_obey(struct slot *slot, uint32_t length) {
  struct copy_order order;
  if (!slot->is_frozen || length != sizeof order || read_whole(slot->stream, &order, sizeof order) < 0) _exit(1);
  return copy_self(&order);
}

/* 1, or 0 where the host sends no more. Obeys what is meant for the trunk and not for its program. */
static int next_head(int fd, uint8_t head[HEAD]) {
  for (;;) {
    struct copy_order order;
    if (self && self->is_trunk) bury_copies();
    if (read_whole(fd, head, HEAD) < 0) return 0;
    /* What died meanwhile, before the program goes on. */
    if (self && self->is_trunk) bury_copies();
    if (head[4] != MSG_COPY || !self || !self->is_trunk) return 1;
    if (read_whole(fd, &order, sizeof order) < 0) return 0;
    copy_self(&order);
  }
}

/* await_message(fd, most): the next message's type and payload, or None at the end. */
PyObject *await_message(PyObject *module, PyObject *arguments) {
  (void)module;
  int fd, got;
  unsigned int most;
  uint32_t length;
  uint8_t head[HEAD];
  if (!PyArg_ParseTuple(arguments, "iI", &fd, &most)) return NULL;
  Py_BEGIN_ALLOW_THREADS
  got = next_head(fd, head);
  Py_END_ALLOW_THREADS
  if (!got) Py_RETURN_NONE;
  memcpy(&length, head, sizeof length);
  if (length > most) return PyErr_Format(PyExc_ValueError, "a message of %lu bytes", (unsigned long)length);
  PyObject *payload = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)length);
  if (!payload) return NULL;
  Py_BEGIN_ALLOW_THREADS
  got = read_whole(fd, PyBytes_AS_STRING(payload), length) == 0;
  Py_END_ALLOW_THREADS
  if (!got) {
    Py_DECREF(payload);
    Py_RETURN_NONE;
  }
  return Py_BuildValue("(iN)", (int)head[4], payload);
}
