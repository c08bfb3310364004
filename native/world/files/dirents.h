/*
 * A directory read as a whole, and ordered.
 */
#ifndef SAMESEED_WORLD_DIRENTS_H
#define SAMESEED_WORLD_DIRENTS_H

#include <stddef.h>

struct dirent64;

struct dirents {
  char *records;                /* as the kernel wrote them */
  size_t bytes, capacity;
  struct dirent64 **entries;
  size_t count;
};

long dirents_read(int fd, struct dirents *to); /* what is left in an open directory: 0 or -errno */
void dirents_free(struct dirents *from);
long world_do_getdents64(int fd, void *to, size_t room);

#endif
