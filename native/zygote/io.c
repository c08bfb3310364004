/* Whole reads and writes on blocking descriptors, and the message header. */
#include "zygote.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include "supervise.h"

int read_whole(int fd, void *to, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t n = read(fd, (char *)to + done, length - done);
    if (n > 0) done += (size_t)n;
    else if (n == 0) { errno = 0; return -1; }
    else if (errno != EINTR) return -1;
  }
  return 0;
}

int write_whole(int fd, const void *from, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t n = write(fd, (const char *)from + done, length - done);
    if (n >= 0) done += (size_t)n;
    else if (errno != EINTR) return -1;
  }
  return 0;
}

int send_message(int fd, uint8_t type, uint8_t channel, const void *body, size_t length) {
  struct header header = { (uint32_t)length, type, channel, 0 };
  struct iovec parts[2] = { { &header, sizeof header }, { (void *)body, length } };
  ssize_t n;
  do n = writev(fd, parts, 2); while (n < 0 && errno == EINTR);
  if (n < 0) return -1;
  size_t sent = (size_t)n;
  if (sent == sizeof header + length) return 0;
  if (sent < sizeof header) {
    if (write_whole(fd, (char *)&header + sent, sizeof header - sent) < 0) return -1;
    sent = sizeof header;
  }
  return write_whole(fd, (const char *)body + (sent - sizeof header), length - (sent - sizeof header));
}

int send_error(int fd, const char *what) {
  char text[256];
  int error = errno;
  int length = snprintf(text, sizeof text, "%s: %s", what, strerror(error));
  return send_message(fd, MSG_ERROR, 0, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

uint64_t monotonic_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}
