/*
 * What a program is told about a file.
 */
#ifndef SAMESEED_WORLD_FILES_H
#define SAMESEED_WORLD_FILES_H

#include "world/world.h"
#include <sys/stat.h>

/* A file, as the call that asks names it. */
struct file { int folder; const char *path; int flags; };

/* status.c: as the kernel answers (-errno), with this world's times and numbers. */
long file_status(const struct file *file, struct stat *status);

/* stat.c: also for programs that make the call without libc's function. */
long world_do_statx(int folder, const char *path, int flags, unsigned mask, struct statx *to);

/* inodes.c: small numbers in the place of the machine's. */
uint64_t device_number(uint64_t device);
uint64_t nameless_inode(uint64_t device, uint64_t inode); /* of a pipe or a socket */
void devices_forget(void); /* a new job counts from the beginning */
bool device_read_only(uint64_t device, const struct file *file);

#endif
