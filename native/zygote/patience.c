/*
 * How long the referee waits for each seat's policy: for one answer, and for all of them together.
 *
 * Whoever uses the time is charged for it, and nobody else: the clock of a seat runs only while the referee waits for
 * that seat. No clock is read. ppoll writes back how much of its timeout is left, and that stays here, in C: a number
 * that came to Python would be an object more or less, and the environment that lives in the same process would have
 * other addresses on a busy machine.
 *
 * ppoll is called by its number, so that the sealed world's waits, which pass at once, do not stand in between.
 */
#include "zygote.h"
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { GONE = 1, ANSWER_LATE = 2, ALL_LATE = 3, MICRO = 1000, SECOND_NS = 1000000000 };

/* In ns: what one answer may take, what is left of that, and what is left of all answers. */
static struct patience { int64_t answer, answer_left, all_left; } seats[MAX_LINKS];

static struct patience *seat_at(long seat) {
  if (seat >= 0 && seat < MAX_LINKS) return &seats[seat];
  PyErr_Format(PyExc_ValueError, "there is no seat %ld", seat);
  return NULL;
}

PyObject *patience_set(PyObject *module, PyObject *arguments) {
  (void)module;
  long seat;
  long long answer_us, all_us;
  if (!PyArg_ParseTuple(arguments, "lLL", &seat, &answer_us, &all_us)) return NULL;
  struct patience *patience = seat_at(seat);
  if (!patience) return NULL;
  *patience = (struct patience){ answer_us * MICRO, answer_us * MICRO, all_us * MICRO };
  Py_RETURN_NONE;
}

/* Waits until the descriptor is ready; 0, or which time has run out. */
static int wait_ready(int fd, short events, struct patience *patience) {
  for (;;) {
    int64_t most = patience->answer_left < patience->all_left ? patience->answer_left : patience->all_left;
    if (most < 0) most = 0;
    struct timespec left = { most / SECOND_NS, most % SECOND_NS };
    struct pollfd asked = { .fd = fd, .events = events };
    long got = syscall(SYS_ppoll, &asked, 1, &left, NULL, 0);
    int error = errno;
    int64_t spent = most - (left.tv_sec * (int64_t)SECOND_NS + left.tv_nsec);
    patience->answer_left -= spent;
    patience->all_left -= spent;
    if (got > 0) return 0;
    if (got < 0 && error == EINTR) continue;
    return patience->all_left <= patience->answer_left ? ALL_LATE : ANSWER_LATE;
  }
}

/* Moves `length` bytes; 0, or why not all of them. */
static int move_all(int fd, char *bytes, size_t length, struct patience *patience, int writes) {
  size_t have = 0;
  while (have < length) {
    int late = wait_ready(fd, writes ? POLLOUT : POLLIN, patience);
    if (late) return late;
    /* MSG_DONTWAIT by flags of the call: the descriptor's own belong to both ends' users. */
    long moved = writes ? syscall(SYS_sendto, fd, bytes + have, length - have, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0)
                        : syscall(SYS_recvfrom, fd, bytes + have, length - have, MSG_DONTWAIT, NULL, NULL);
    if (moved > 0) have += (size_t)moved;
    else if (moved == 0 || (errno != EAGAIN && errno != EINTR)) return GONE;
  }
  return 0;
}

static PyObject *move_buffer(PyObject *arguments, const char *format, int writes) {
  int fd;
  long seat;
  Py_buffer buffer;
  if (!PyArg_ParseTuple(arguments, format, &fd, &seat, &buffer)) return NULL;
  struct patience *patience = seat_at(seat);
  int end = 0;
  if (patience) {
    Py_BEGIN_ALLOW_THREADS
    if (writes) patience->answer_left = patience->answer;
    end = move_all(fd, buffer.buf, (size_t)buffer.len, patience, writes);
    Py_END_ALLOW_THREADS
  }
  PyBuffer_Release(&buffer);
  return patience ? PyLong_FromLong(end) : NULL;
}

PyObject *link_write(PyObject *module, PyObject *arguments) {
  (void)module;
  return move_buffer(arguments, "ily*", 1);
}

PyObject *link_read(PyObject *module, PyObject *arguments) {
  (void)module;
  return move_buffer(arguments, "ilw*", 0);
}
