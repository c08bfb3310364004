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

/* For programs that make the call without libc's function: stat.c, systems.c. */
struct statfs;
long world_do_stat(int folder, const char *path, int flags, struct stat *status);
long world_do_statfs(const char *path, struct statfs *to);
long world_do_fstatfs(int fd, struct statfs *to);
long world_do_statx(int folder, const char *path, int flags, unsigned mask, struct statx *to);

/*
 * devices.c: whether it is a device of chance; chance_status then makes it look like one. chance_open answers an open of
 * `path` that failed with `error`, a positive errno: a descriptor, or -errno.
 */
bool chance_status(struct stat *status);
bool chance_is_at(int folder, const char *path, int flags); /* O_NOFOLLOW, or 0 */
bool chance_is_named(int folder, const char *name);         /* an entry of that folder */
int chance_open(int folder, const char *path, int flags, int error);
long world_do_openat(int folder, const char *path, int flags, unsigned mode); /* opens.c; -errno */

/*
 * memory.c: /proc/self/fd/N and /dev/fd/N. Answers an open that failed with `error`, a positive errno: a descriptor, or
 * -errno.
 */
int descriptor_open(const char *path, int flags, int error);

/* program.c: the program's own file, where asking for `path` failed with `error` and it is a name of that file; else NULL. */
const char *program_named(const char *path, int error);

/* beside.c: a process looks at a file, or for one. An empty path, or none: `folder` is the file. */
void files_asked(int folder, const char *path);

/* inodes.c: small numbers in the place of the machine's. */
uint64_t device_number(uint64_t device);
uint64_t nameless_inode(uint64_t device, uint64_t inode); /* of a pipe or a socket */
uint64_t image_inode(uint64_t device, uint64_t inode);    /* of what lies on a read-only file system */
void devices_forget(void); /* a new job counts from the beginning */
bool device_read_only(uint64_t device, const struct file *file);

#endif
