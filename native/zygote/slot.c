/*
 * A slot: one unit of concurrency. It is a copy of the zygote that already sits in a control group (the host put it
 * there) and in an empty network namespace, behind seccomp filter A, so that a sandbox inherits all three for nothing.
 *
 * Its loop never returns to Python: a Python heap that moves between forks would give each child other addresses, and
 * with them other set orders. It reads one message at a time; MSG_START forks a child, and until that child's whole
 * process tree is dead the slot does nothing but carry bytes, watch the two clocks and obey MSG_KILL:
 *
 *     host ──(stream, framed)── slot ──(stream, stdout, stderr: raw)── child, pid 1 of its own namespace
 *
 * The stream of a child that asks its host is the host's own (streams.c): the slot sees neither questions nor answers, and
 * counts the child's CPU time alone. Of a child with a network the slot answers one system call (loopback.c).
 *
 * The bytes that come from the child are counted and copied here and looked at nowhere in C. The one exception is the
 * first: wall.c writes `W` once the wall stands, which is passed on as MSG_BORN or told in MSG_EXIT.
 *
 * Input that the child does not take yet waits in memory, so that a child which never reads keeps nobody from seeing the
 * clocks, the child's own output or a MSG_KILL behind it. The host bounds what may wait (windows of a few 100 KiB); the
 * job's mapping, which nobody needs once the child has its copy, holds it.
 *
 * What one sandbox left in this process's memory - its last output in `chunk`, its figures in dead stack frames, its input
 * behind the job - would be copied into the next one, so it is wiped in between (`forget`).
 *
 * The child is killed through its pid namespace: when the first process dies, the kernel kills and reaps the others
 * before it reports the death. What they wrote is in the streams by then, which are read without blocking.
 */
#include "zygote.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "supervise.h"

enum { BORN_HERE = 1, WATCHED = 3 + OUTPUTS };

/* One sandbox while it runs. */
struct run {
  pid_t pid;
  int pidfd, output[OUTPUTS], announce;
  int input_ended;              /* the child's input is shut down once what waits is sent */
  size_t sent, waiting;         /* in slot->job: bytes before `sent` are the child's, bytes up to `waiting` still wait */
  uint32_t cause;
  uint64_t born_us;
  struct listening listening;
  struct limits limits;
};

enum { DEAD_STACK = 32 << 10 };  /* deeper than any call below slot_run goes */

static char chunk[CHUNK];
static size_t chunk_used;

static void die(void) { _exit(1); }
static void tell(struct slot *slot, uint8_t type, uint8_t channel, const void *body, size_t length) {
  /* A host that is gone cannot be told; the sandbox dies with the slot. */
  if (send_message(slot->stream, type, channel, body, length) < 0) die();
}

static void read_job(struct slot *slot, struct start *start, uint32_t length) {
  if (length < sizeof *start || length - sizeof *start > JOB_BYTES_MAX) die();
  if (read_whole(slot->stream, start, sizeof *start) < 0) die();
  if (read_whole(slot->stream, slot->job, length - sizeof *start) < 0) die();
  if (start->links > MAX_LINKS || start->filter_bytes > length - sizeof *start) die();
  /* A copy's children go on, and nobody else's do. */
  if (!slot->is_frozen != !(start->flags & START_COPY)) die();
}

static void run_job(const uint8_t *bytes, size_t length, PyObject *entry) {
  PyOS_AfterFork_Child();
  PyObject *job = PyBytes_FromStringAndSize((const char *)bytes, (Py_ssize_t)length);
  PyObject *result = job ? PyObject_CallOneArg(entry, job) : NULL;
  if (!result) PyErr_Print();
  _exit(result ? 0 : 1);
}

static int give_birth(struct slot *slot, const struct start *start, size_t job_length, struct run *run) {
  struct birth birth = { .start = start };
  if (links_open(slot, &birth) < 0) { send_error(slot->stream, "link"); return -1; }
  if (streams_open(slot, &birth, run->output) < 0 || loopback_open(&run->listening, &birth) < 0 || ids_offer(slot, &birth) < 0) die();
  int bare = (start->flags & START_BARE) != 0, loopback = (start->flags & START_LOOPBACK) != 0;
  struct clone_args args = {
    .flags = CLONE_PIDFD | CLONE_CHILD_SETTID | (bare ? 0 : CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS) | (loopback ? CLONE_NEWNET : 0),
    .pidfd = (uint64_t)(uintptr_t)&run->pidfd,
    .exit_signal = SIGCHLD, .child_tid = libc_number,
  };
  /* In a trunk's own namespace a copy's child has a number that the trunk's program is never given. */
  pid_t numbers[] = { 1, CHILD_PID - (pid_t)slot->number };
  if (slot->is_frozen) args.set_tid = (uint64_t)(uintptr_t)numbers, args.set_tid_size = 2;
  run->limits.began_us = monotonic_us();
  run->pid = (pid_t)SUPERVISE(SYS_clone3, &args, sizeof args, 0, 0, 0, 0);
  if (run->pid == 0) {
    if (slot->is_frozen) { copy_wall_build(slot, &birth); return BORN_HERE; }
    if (start->flags & START_TRUNK) trunk_wall_build(slot, &birth);
    else if (!bare) wall_build(slot, &birth);
    else if (dup2(birth.stream, 3) < 0 || write(3, "W", 1) != 1) _exit(1);
    run_job(slot->job + start->filter_bytes, job_length - start->filter_bytes, slot->entry);
  }
  if (run->pid < 0) send_error(slot->stream, "clone3");
  for (uint32_t i = 0; i < start->links; i++) close(birth.link[i]);
  close(birth.out), close(birth.err), close(birth.stream), ids_give(slot, &birth);
  if (birth.direct >= 0) close(birth.direct);
  if (birth.counted >= 0) close(birth.counted);
  if (run->pid >= 0) return 0;
  for (int i = 0; i < OUTPUTS; i++) close(run->output[i]);
  return loopback_close(&run->listening), -1;
}

static void kill_run(struct run *run, uint32_t cause) {
  struct pollfd dead = { run->pidfd, POLLIN, 0 };
  /* What died a moment ago died of its own. */
  if (poll(&dead, 1, 0) > 0) return;
  if (run->cause == CAUSE_OWN) run->cause = cause;
  SUPERVISE(SYS_pidfd_send_signal, run->pidfd, SIGKILL, NULL, 0, 0, 0);
}

/* Passes on what one stream of the child holds; closes it at its end. Returns 0 where nothing was there. */
static int carry(struct slot *slot, struct run *run, int which) {
  /* What a child says before its wall stands is why it does not, so `W` is looked for first. */
  if (which != STREAM && run->born_us == 0 && run->output[STREAM] >= 0) carry(slot, run, STREAM);
  ssize_t n = read(run->output[which], chunk, sizeof chunk);
  if (n > 0 && (size_t)n > chunk_used) chunk_used = (size_t)n;
  if (n < 0 && errno == EINTR) return 1;
  if (n < 0 && errno == EAGAIN) return 0;
  if (n <= 0) {
    close(run->output[which]), run->output[which] = -1;
    return 0;
  }
  char *from = chunk;
  if (which == STREAM) run->limits.spoke = 1;
  if (which == STREAM && run->born_us == 0) {
    run->born_us = monotonic_us();
    if (run->announce) tell(slot, MSG_BORN, 0, NULL, 0);
    from++, n--;
  }
  if (n > 0) tell(slot, MSG_OUTPUT, (uint8_t)(which + 1), from, (size_t)n);
  return 1;
}

/* Hands the child as much of the waiting input as it takes now. */
static void give_input(struct slot *slot, struct run *run) {
  while (run->sent < run->waiting && run->output[STREAM] >= 0) {
    size_t length = run->waiting - run->sent;
    ssize_t n = send(run->output[STREAM], slot->job + run->sent, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0) run->sent += (size_t)n;
    else if (errno == EAGAIN) return;
    else if (errno != EINTR) break;
  }
  /* Everything is sent, or nobody is left to take it. */
  run->sent = run->waiting = 0;
  if (run->input_ended && run->output[STREAM] >= 0) shutdown(run->output[STREAM], SHUT_WR);
}

static void take_input(struct slot *slot, struct run *run, size_t length) {
  if (length > JOB_BYTES_MAX - run->waiting) {
    memmove(slot->job, slot->job + run->sent, run->waiting - run->sent);
    run->waiting -= run->sent, run->sent = 0;
  }
  /* Far beyond every window: not our host. */
  if (length > CHUNK || length > JOB_BYTES_MAX - run->waiting) die();
  if (read_whole(slot->stream, slot->job + run->waiting, length) < 0) die();
  run->waiting += length;
}

static void obey(struct slot *slot, struct run *run) {
  struct header header;
  if (read_whole(slot->stream, &header, sizeof header) < 0) die();
  switch (header.type) {
    case MSG_KILL: kill_run(run, CAUSE_KILLED); return;
    case MSG_INPUT_END:
      /* The end of what it waited for is an answer, too. */
      run->limits.answered = run->input_ended = 1;
      break;
    case MSG_INPUT:
      if (header.channel == INPUT_ANSWER) run->limits.answered = 1;
      take_input(slot, run, header.length);
      break;
    default: die();
  }
  give_input(slot, run);
}

/* Ends a run that is over a limit; returns how long the next look may wait, in milliseconds. */
static int watch_clocks(struct run *run) {
  int wait_ms = -1;
  if (run->cause != CAUSE_OWN) return wait_ms;
  uint32_t over = limits_look(&run->limits, run->pid, &wait_ms);
  if (over != CAUSE_OWN) kill_run(run, over);
  return wait_ms;
}

static void finish(struct slot *slot, struct run *run) {
  struct rusage usage;
  int status;
  while (wait4(run->pid, &status, 0, &usage) < 0)
    if (errno != EINTR) die();
  uint64_t wall = monotonic_us() - run->limits.began_us;
  for (int i = 0; i < OUTPUTS; i++) {
    while (run->output[i] >= 0 && carry(slot, run, i)) continue;
    /* Not at its end, though all its processes are dead: a copy of the other end travels in some link. */
    if (run->output[i] >= 0) close(run->output[i]);
  }
  close(run->pidfd), loopback_close(&run->listening);
  struct exit_report report = {
    .cause = run->cause, .status = status, .max_rss_bytes = (uint64_t)usage.ru_maxrss * 1024u, .wall_us = wall,
    .born_us = run->born_us == 0 ? 0 : run->born_us - run->limits.began_us + 1,
    .user_us = (uint64_t)usage.ru_utime.tv_sec * 1000000u + (uint64_t)usage.ru_utime.tv_usec,
    .system_us = (uint64_t)usage.ru_stime.tv_sec * 1000000u + (uint64_t)usage.ru_stime.tv_usec,
  };
  tell(slot, MSG_EXIT, 0, &report, sizeof report);
}

static void supervise(struct slot *slot, struct run *run) {
  for (;;) {
    struct pollfd wait[WATCHED] = { { run->pidfd, POLLIN, 0 }, { slot->stream, POLLIN, 0 } };
    for (int i = 0; i < OUTPUTS; i++) wait[2 + i] = (struct pollfd){ run->output[i], POLLIN, 0 };
    wait[WATCHED - 1] = (struct pollfd){ loopback_descriptor(&run->listening), POLLIN, 0 };
    if (run->sent < run->waiting) wait[2 + STREAM].events |= POLLOUT;
    if (poll(wait, WATCHED, watch_clocks(run)) < 0 && errno != EINTR) die();
    for (int i = 0; i < OUTPUTS; i++)
      if ((wait[2 + i].revents & ~POLLOUT) && run->output[i] >= 0) carry(slot, run, i);
    if (wait[2 + STREAM].revents & POLLOUT) give_input(slot, run);
    if (wait[WATCHED - 1].revents) loopback_look(&run->listening, run->pid, wait[WATCHED - 1].revents);
    if (wait[1].revents) obey(slot, run);
    if (wait[0].revents) { finish(slot, run); return; }
  }
}

/* Returns BORN_HERE in a copy that goes on. */
__attribute__((noinline)) static int start_sandbox(struct slot *slot, uint32_t length) {
  struct start start;
  struct run run = { .cause = CAUSE_OWN };
  read_job(slot, &start, length);
  size_t job_length = length - sizeof start;
  if ((start.flags & START_LOOPBACK) && start.flags & (START_BARE | START_TRUNK | START_COPY)) die();
  if ((start.flags & START_BARE) && !(slot->config_flags & CONFIG_ALLOW_BARE)) die();
  if ((start.flags & START_DIRECT) && (start.flags & (START_BARE | START_TRUNK | START_COPY) || !(slot->config_flags & CONFIG_DIRECT))) die();
  run.limits = (struct limits){
    .wall_us = start.wall_us, .cpu_us = start.cpu_us,
    .asks = (start.flags & START_ASKS) != 0, .is_direct = (start.flags & START_DIRECT) != 0,
  };
  run.announce = (start.flags & START_ANNOUNCE) != 0;
  int born = give_birth(slot, &start, job_length, &run);
  if (born == BORN_HERE) return born;
  /* The child has its own copy; keeping ours would make every later fork pay for the largest job so far. */
  madvise(slot->job, JOB_BYTES_MAX, MADV_DONTNEED);
  if (born != 0) return born;
  supervise(slot, &run);
  madvise(slot->job, JOB_BYTES_MAX, MADV_DONTNEED);
  return 0;
}

/* Not inlined, so that its frame lies where the frames of what ended lay. */
__attribute__((noinline)) static void forget(void) {
  char dead[DEAD_STACK];
  explicit_bzero(dead, sizeof dead);
  explicit_bzero(chunk, chunk_used);
  chunk_used = 0;
}

void slot_run(struct slot *slot) {
  if (slot_take_user(slot) < 0) { send_error(slot->stream, "take an id of its own"); die(); }
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (unshare(CLONE_NEWNET) < 0) { send_error(slot->stream, "make an empty network namespace"); die(); }
  if (wall_filter(&slot->filter_slot) < 0) { send_error(slot->stream, "install filter A"); die(); }
  slot_serve(slot);
  _exit(0);
}

/* Serves the host until it is gone; returns 1 in a copy that goes on. */
int slot_serve(struct slot *slot) {
  for (;;) {
    struct header header;
    if (read_whole(slot->stream, &header, sizeof header) < 0) _exit(0);
    switch (header.type) {
      case MSG_START: if (start_sandbox(slot, header.length) == BORN_HERE) return 1; break;
      case MSG_COPY: if (trunk_obey(slot, header.length)) return 1; break;
      case MSG_LEAVE: _exit(0);
      /* What was meant for a sandbox that has just ended. */
      case MSG_KILL: case MSG_INPUT_END: break;
      case MSG_INPUT:
        if (header.length > CHUNK || read_whole(slot->stream, chunk, header.length) < 0) die();
        if (header.length > chunk_used) chunk_used = header.length;
        break;
      default: die();
    }
    forget();
  }
}
