/*
 * A clock for one answer of a policy: the CPU time of this process, all threads together. When it runs out the process
 * exits with a status of its own.
 *
 * Only raw system calls set the timer, so that nothing that stands between a program and libc's clocks stands between
 * this one and the kernel's. The handler is C and only exits: Python is not asked, whatever it is busy with. A signal's
 * default action would not do, because the first process of a sandbox is spared it.
 *
 * A policy may take handler or timer away; its sandbox's whole CPU time is counted outside.
 */
#include "zygote.h"
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

enum { MOVE_CLOCK_STATUS = 152 };

static void run_out(int number) {
  (void)number;
  syscall(SYS_exit_group, MOVE_CLOCK_STATUS);
}

static int arm(long microseconds) {
  struct itimerval timer = { .it_value = { microseconds / 1000000, microseconds % 1000000 } };
  return (int)syscall(SYS_setitimer, ITIMER_PROF, &timer, NULL);
}

static void tell_python(int number) {
  (void)number;
  PyErr_SetInterruptEx(SIGVTALRM);
}

/*
 * A clock for a part of what this process does: when it runs out Python is told, as of a SIGVTALRM, and again every tenth
 * of a second, until it is set to 0. A process has this clock or the one below.
 */
PyObject *action_clock(PyObject *module, PyObject *microseconds) {
  static struct sigaction before;
  static int armed;
  (void)module;
  long limit = PyLong_AsLong(microseconds);
  if (limit < 0) return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_ValueError, "a clock cannot run for %ld us", limit);
  struct itimerval timer = { .it_value = { limit / 1000000, limit % 1000000 } };
  if (limit > 0) {
    struct sigaction action = { .sa_handler = tell_python, .sa_flags = SA_RESTART };
    if (sigaction(SIGPROF, &action, armed ? NULL : &before) < 0) return PyErr_SetFromErrno(PyExc_OSError);
    armed = 1;
    timer.it_interval.tv_usec = 100000;
  }
  if (syscall(SYS_setitimer, ITIMER_PROF, &timer, NULL) < 0) return PyErr_SetFromErrno(PyExc_OSError);
  if (limit == 0 && armed) {
    /* What is pending is of no use any more. And nothing stays behind: a copy of this process may be a policy's, which
     * sends the signal itself. */
    struct sigaction ignored = { .sa_handler = SIG_IGN };
    if (sigaction(SIGPROF, &ignored, NULL) < 0 || sigaction(SIGPROF, &before, NULL) < 0)
      return PyErr_SetFromErrno(PyExc_OSError);
    armed = 0;
  }
  Py_RETURN_NONE;
}

PyObject *move_clock(PyObject *module, PyObject *microseconds) {
  static int installed;
  (void)module;
  long limit = PyLong_AsLong(microseconds);
  if (limit < 0) return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_ValueError, "a clock cannot run for %ld us", limit);
  if (!installed && limit > 0) {
    struct sigaction action = { .sa_handler = run_out };
    sigset_t unblocked;
    sigemptyset(&unblocked);
    sigaddset(&unblocked, SIGPROF);
    if (sigaction(SIGPROF, &action, NULL) < 0 || sigprocmask(SIG_UNBLOCK, &unblocked, NULL) < 0)
      return PyErr_SetFromErrno(PyExc_OSError);
    installed = 1;
  }
  if (arm(limit) < 0) return PyErr_SetFromErrno(PyExc_OSError);
  Py_RETURN_NONE;
}
