/*
 * libc's names for what supervision does, as system calls of its own; kernel.h says why. Include it last: it renames.
 */
#ifndef SAMESEED_SUPERVISE_H
#define SAMESEED_SUPERVISE_H

#include "kernel.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static inline long supervise_result(long raw) {
  if (raw >= 0 || raw < -4095) return raw;
  errno = (int)-raw;
  return -1;
}

#define SUPERVISE(number, a, b, c, d, e, f) \
  supervise_result(kernel_call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)))

static inline int supervise_poll(struct pollfd *fds, nfds_t count, int timeout_ms) {
  struct timespec time = { timeout_ms / 1000, timeout_ms % 1000 * 1000000l };
  return (int)SUPERVISE(SYS_ppoll, fds, count, timeout_ms < 0 ? NULL : &time, 0, 0, 0);
}

static inline int supervise_open(const char *path, int flags) {
  return (int)SUPERVISE(SYS_openat, AT_FDCWD, path, flags, 0, 0, 0);
}

#define poll(fds, count, timeout) supervise_poll(fds, count, timeout)
#define read(fd, to, length) SUPERVISE(SYS_read, fd, to, length, 0, 0, 0)
#define write(fd, from, length) SUPERVISE(SYS_write, fd, from, length, 0, 0, 0)
#define writev(fd, parts, count) SUPERVISE(SYS_writev, fd, parts, count, 0, 0, 0)
#define send(fd, from, length, flags) SUPERVISE(SYS_sendto, fd, from, length, flags, 0, 0)
#define sendmsg(fd, message, flags) SUPERVISE(SYS_sendmsg, fd, message, flags, 0, 0, 0)
#define recvmsg(fd, message, flags) SUPERVISE(SYS_recvmsg, fd, message, flags, 0, 0, 0)
#define open(path, flags) supervise_open(path, flags)
#define close(fd) SUPERVISE(SYS_close, fd, 0, 0, 0, 0, 0)
/* Marked: a copy of a trunk has the sealed world's filter around it and must see the machine's clock. */
#define clock_gettime(clock, to) SUPERVISE(SYS_clock_gettime, clock, to, 0, 0, 0, KERNEL_OWN)
/* Marked: the world's library leaves out what whoever started Sameseed is limited to, which the wall has to know. */
#define getrlimit(resource, to) SUPERVISE(SYS_prlimit64, 0, resource, 0, to, 0, KERNEL_OWN)
#define setrlimit(resource, from) SUPERVISE(SYS_prlimit64, 0, resource, from, 0, 0, 0)
#define fcntl(fd, command, value) SUPERVISE(SYS_fcntl, fd, command, value, 0, 0, 0)
#define dup2(from, to) SUPERVISE(SYS_dup3, from, to, 0, 0, 0, 0)
/* Marked: what a sandbox has used is told to nobody in it. */
#define wait4(pid, status, options, usage) SUPERVISE(SYS_wait4, pid, status, options, usage, 0, KERNEL_OWN)
#define waitpid(pid, status, options) wait4(pid, status, options, NULL)

#endif
