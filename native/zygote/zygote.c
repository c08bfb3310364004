/*
 * The zygote: an interpreter that has been warmed by doing, and then waits to be copied.
 *
 * Theory of operation
 *   host  starts it inside the outer wall (bubblewrap), with a stream at descriptor 3 for itself and one for each slot
 *         it may ever be asked for, from descriptor 4 on. Node cannot pass descriptors later.
 *   pin() fixes what only an exec can fix (address layout, stack limit) and executes itself once more.
 *   serve() is called by python/sameseed/zygote.py when everything is imported and one episode has been played. It does
 *         not come back: from here on no Python object is made, moved or freed in this process, so that the hundredth
 *         copy finds the same heap as the first. On request it forks a slot (slot.c); slots fork sandboxes (wall.c).
 *   Death the end of stream 3 ends it; its slots end with it (parent-death signals and their own streams), and the outer
 *         wall's pid namespace takes whatever is left.
 *
 * It runs trusted code only: the interpreter, the image's packages, and Sameseed's own. It has rights in its own user
 * namespace, which a sandbox's nested one does not give back. Nothing here reads bytes that came from a sandbox.
 */
#include "zygote.h"
#include <dirent.h>
#include <errno.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "supervise.h"

enum { REPORT_MOST = 16 << 10 };

static struct slot self;
static int inbox_read[MAX_SLOTS], inbox_write[MAX_SLOTS], slot_pidfd[MAX_SLOTS];
static int lent[MAX_SLOTS];     /* of a tree: the pipe that ends with the holder of a lent stream; -1 */
static int tree = -1;           /* where lent streams are sent */
static pid_t slot_pid[MAX_SLOTS];
static uint8_t filter_code[2][MAX_FILTER];

void give_up(const char *what) {
  send_error(FD_CONTROL, what);
  _exit(1);
}

static int count_threads(void) {
  DIR *tasks = opendir("/proc/self/task");
  int count = 0;
  if (!tasks) return -1;
  for (struct dirent *entry; (entry = readdir(tasks));) count += entry->d_name[0] != '.';
  closedir(tasks);
  return count;
}

/* What Python has joined may still be on its way out of the kernel. */
static int settled_threads(void) {
  int count = count_threads();
  for (int tries = 0; count != 1 && tries < 100; tries++) {
    poll(NULL, 0, 10);
    count = count_threads();
  }
  return count;
}

static uint64_t address_space_bytes(void) {
  unsigned long long pages = 0;
  FILE *statm = fopen("/proc/self/statm", "re");
  if (!statm) return 0;
  if (fscanf(statm, "%llu", &pages) != 1) pages = 0;
  fclose(statm);
  return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void read_filter(struct filter *filter, uint8_t *code, uint32_t bytes) {
  if (bytes > MAX_FILTER || read_whole(FD_CONTROL, code, bytes) < 0) give_up("read a filter");
  filter->bytes = bytes;
  filter->code = code;
}

static void read_config(void) {
  struct header header;
  struct config config;
  if (read_whole(FD_CONTROL, &header, sizeof header) < 0 || header.type != MSG_CONFIG) give_up("read the configuration");
  if (read_whole(FD_CONTROL, &config, sizeof config) < 0 || config.slots > MAX_SLOTS) give_up("read the configuration");
  read_filter(&self.filter_slot, filter_code[0], config.filter_slot_bytes);
  read_filter(&self.filter_child, filter_code[1], config.filter_child_bytes);
  self.slots = config.slots;
  self.config_flags = config.flags;
}

static void make_inboxes(void) {
  for (uint32_t i = 0; i < self.slots; i++) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) give_up("make an inbox");
    inbox_read[i] = pair[0];
    inbox_write[i] = pair[1];
    slot_pidfd[i] = lent[i] = -1;
  }
}

/* What trunks get streams over. SEQPACKET: a message and its descriptors come whole or not at all. */
static void make_tree(void) {
  int pair[2];
  if (!(self.config_flags & CONFIG_TREE)) return;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) give_up("prepare a tree");
  if (SUPERVISE(SYS_dup3, pair[0], FD_TREE, O_CLOEXEC, 0, 0, 0) < 0) give_up("prepare a tree");
  close(pair[0]);
  tree = pair[1];
}

static void become_slot(uint32_t index) {
  for (uint32_t i = 0; i < self.slots; i++) {
    if (i == index) continue;
    close(FD_FIRST_SLOT + (int)i);
    close(inbox_read[i]);
    if (slot_pidfd[i] >= 0) close(slot_pidfd[i]);
  }
  if (tree >= 0) close(tree);
  close(FD_CONTROL);
  self.index = index;
  self.stream = FD_FIRST_SLOT + (int)index;
  self.inbox = inbox_read[index];
  slot_run(&self);
}

static void make_slot(uint32_t index) {
  if (index >= self.slots || slot_pidfd[index] >= 0) { errno = EINVAL; give_up("make a slot"); }
  struct clone_args args = {
    .flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)&slot_pidfd[index], .exit_signal = SIGCHLD,
  };
  pid_t pid = (pid_t)SUPERVISE(SYS_clone3, &args, sizeof args, 0, 0, 0, 0);
  if (pid == 0) become_slot(index);
  if (pid < 0) {
    /* The host is out of processes for a moment; what runs here need not die of it. */
    struct slot_died died = { index, -errno };
    slot_pidfd[index] = -1;
    send_message(FD_CONTROL, MSG_SLOT_DIED, 0, &died, sizeof died);
    return;
  }
  slot_pid[index] = pid;
  struct slot_made made = { index, (uint32_t)pid };
  send_message(FD_CONTROL, MSG_NEW_SLOT, 0, &made, sizeof made);
}

static void bury_slot(uint32_t index) {
  struct slot_died died = { index, 0 };
  if (waitpid(slot_pid[index], &died.status, 0) < 0) give_up("wait for a slot");
  close(slot_pidfd[index]);
  slot_pidfd[index] = -1;
  send_message(FD_CONTROL, MSG_SLOT_DIED, 0, &died, sizeof died);
}

/* Sends a slot's stream to whichever trunk is asked for a copy next, with what a copy needs beside it. */
static void lend(uint32_t index) {
  int end[2], gift[3];
  char control[CMSG_SPACE(sizeof gift)];
  if (tree < 0 || index >= self.slots || slot_pidfd[index] >= 0 || lent[index] >= 0) { errno = EINVAL; give_up("lend a stream"); }
  gift[2] = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (gift[2] < 0 || SUPERVISE(SYS_pipe2, end, O_CLOEXEC, 0, 0, 0, 0) < 0) give_up("lend a stream");
  gift[0] = FD_FIRST_SLOT + (int)index, gift[1] = end[1];
  memset(control, 0, sizeof control);
  struct iovec part = { &index, sizeof index };
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
  struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET, rights->cmsg_type = SCM_RIGHTS, rights->cmsg_len = CMSG_LEN(sizeof gift);
  memcpy(CMSG_DATA(rights), gift, sizeof gift);
  if (sendmsg(tree, &message, MSG_DONTWAIT | MSG_NOSIGNAL) != sizeof index) give_up("lend a stream");
  close(gift[1]), close(gift[2]);
  lent[index] = end[0];
}

static void take_back(uint32_t index) {
  close(lent[index]);
  lent[index] = -1;
  send_message(FD_CONTROL, MSG_RETURNED, 0, &index, sizeof index);
}

static void obey(void) {
  struct header header;
  uint32_t index;
  if (read_whole(FD_CONTROL, &header, sizeof header) < 0) _exit(0);
  if (read_whole(FD_CONTROL, &index, sizeof index) < 0) give_up("read a request");
  if (header.type == MSG_NEW_SLOT) make_slot(index);
  else if (header.type == MSG_LEND) lend(index);
  else give_up("read a request");
}

static void wait_forever(void) {
  struct pollfd wait[1 + 2 * MAX_SLOTS];
  for (;;) {
    wait[0] = (struct pollfd){ FD_CONTROL, POLLIN, 0 };
    for (uint32_t i = 0; i < self.slots; i++) wait[1 + i] = (struct pollfd){ slot_pidfd[i], POLLIN, 0 };
    for (uint32_t i = 0; i < self.slots; i++) wait[1 + self.slots + i] = (struct pollfd){ lent[i], POLLIN, 0 };
    if (poll(wait, 1 + 2 * self.slots, -1) < 0 && errno != EINTR) give_up("poll");
    for (uint32_t i = 0; i < self.slots; i++)
      if (wait[1 + self.slots + i].revents && lent[i] >= 0) take_back(i);
    for (uint32_t i = 0; i < self.slots; i++)
      if (wait[1 + i].revents && slot_pidfd[i] >= 0) bury_slot(i);
    if (wait[0].revents) obey();
  }
}

/* Sends what the zygote is, and behind it what its Python found of itself. */
static void tell_ready(const struct ready *ready, PyObject *report) {
  static uint8_t body[sizeof *ready + REPORT_MOST];
  size_t bytes = (size_t)PyBytes_GET_SIZE(report);
  memcpy(body, ready, sizeof *ready);
  memcpy(body + sizeof *ready, PyBytes_AS_STRING(report), bytes);
  send_message(FD_CONTROL, MSG_READY, 0, body, sizeof *ready + bytes);
}

static PyObject *serve(PyObject *module, PyObject *args) {
  (void)module;
  PyObject *entry, *report;
  if (!PyArg_ParseTuple(args, "OS", &entry, &report)) return NULL;
  if (PyBytes_GET_SIZE(report) > REPORT_MOST) return PyErr_Format(PyExc_ValueError, "the report is too long");
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  signal(SIGPIPE, SIG_IGN);
  self.entry = entry;
  self.peer_inbox = inbox_write;
  self.job = mmap(NULL, JOB_BYTES_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (self.job == MAP_FAILED) give_up("prepare");
  arenas_settle();
  wall_prepare();
  read_config();
  make_inboxes();
  make_tree();
  trunk_know(&self);
  struct ready ready = {
    .address_space_bytes = address_space_bytes(),
    .addresses_fixed = (uint32_t)addresses_are_fixed(),
    .threads = (uint32_t)settled_threads(),
  };
  world_mapped(ready.address_space_bytes);
  if (ready.threads != 1) { errno = EBUSY; give_up("be single-threaded"); }
  PyOS_BeforeFork();
  tell_ready(&ready, report);
  wait_forever();
  Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
  { "serve", serve, METH_VARARGS, "serve(entry, report): waits in C to be forked; never returns." },
  { "pin", pin, METH_VARARGS, "pin(executable, *args): executes itself again with fixed addresses." },
  { "layout_is_even", layout_is_even, METH_O, "layout_is_even(path): whether libraries, and this file, lie in memory as on every host." },
  { "action_clock", action_clock, METH_O, "action_clock(us): tells Python as by a SIGVTALRM once so much CPU time is used; 0: never." },
  { "move_clock", move_clock, METH_O, "move_clock(us): ends this process once it has used that much CPU time; 0: never." },
  { "patience_set", patience_set, METH_VARARGS, "patience_set(seat, answer_us, all_us): gives a seat its time." },
  { "link_read", link_read, METH_VARARGS, "link_read(fd, seat, buffer): fills it; 0, or why not." },
  { "link_write", link_write, METH_VARARGS, "link_write(fd, seat, data): begins an answer; 0, or why not all was written." },
  { "await_message", await_message, METH_VARARGS, "await_message(fd, most): the next message's type and payload, or None." },
  { "world_begin", world_begin, METH_O, "world_begin(settings): a new sealed world; False where there is none." },
  { "world_go_on", world_go_on, METH_O, "world_go_on(settings): goes on as if it had begun with them; False where there is no sealed world." },
  { "world_look", world_look, METH_NOARGS, "world_look(): what was asked of the world since the last boundary, or None." },
  { "world_return", world_return, METH_NOARGS, "world_return(): clock and counts as they were at the last world_look." },
  { "world_rekey", world_rekey, METH_O, "world_rekey(key): entropy follows from it from now on; False where there is no sealed world." },
  { "world_step", world_step, METH_O, "world_step(k): what was asked of the world since the last call, or None." },
  { "world_name", world_name, METH_NOARGS, "world_name(): host, or sealed and what does not hold." },
  { NULL, NULL, 0, NULL },
};

static struct PyModuleDef definition = { PyModuleDef_HEAD_INIT, "_zygote", NULL, -1, methods, NULL, NULL, NULL, NULL };

PyMODINIT_FUNC PyInit__zygote(void) {
  arenas_install();
  world_bridge_find();
  PyObject *module = PyModule_Create(&definition);
  if (module && PyModule_AddIntConstant(module, "PROTOCOL", PROTOCOL) < 0) Py_CLEAR(module);
  return module;
}
