/*
 * Open files of a trunk, for its copies.
 *
 * A copied descriptor shares its offset with the one it was copied from, and leads to the trunk's files. So what is open is
 * noted before a copy has files of its own, and opened anew in these: by the same name, under the same number, with the same
 * flags and at the same place. Descriptors that share an offset go on sharing one.
 *
 * Everything here is the kernel's own calls and fixed memory: a copy's heap must not move, and the sealed world, which
 * numbers what it is asked for, is not asked.
 */
#include "zygote.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "supervise.h"

enum { FILES_MOST = 64, NAMES_MOST = 32 << 10, LISTING = 32 << 10, STREAMS = 4 };

static struct file { int fd, flags, closes, shares; int64_t offset; uint64_t device, inode; char *name; } files[FILES_MOST];
static int file_count;
static char names[NAMES_MOST];
static size_t names_used;

struct entry { uint64_t inode; int64_t offset; unsigned short length; unsigned char type; char name[]; };

static const char *complain(int fd, const char *what) {
  static char text[96];
  snprintf(text, sizeof text, "descriptor %d is %s", fd, what);
  return text;
}

static const char *note(int proc, int fd) {
  char link[32];
  struct stat status;
  if (file_count == FILES_MOST) return "more files are open than can be copied";
  if (SUPERVISE(SYS_fstat, fd, &status, 0, 0, 0, 0) < 0) return complain(fd, "not to be asked about");
  if (!S_ISREG(status.st_mode)) return complain(fd, "open and no regular file");
  if (status.st_nlink == 0) return complain(fd, "a file without a name");
  snprintf(link, sizeof link, "self/fd/%d", fd);
  long length = SUPERVISE(SYS_readlinkat, proc, link, names + names_used, sizeof names - names_used - 1, 0, 0);
  if (length <= 0 || (size_t)length >= sizeof names - names_used - 1) return complain(fd, "a file with too long a name");
  struct file *file = &files[file_count];
  *file = (struct file){
    .fd = fd, .shares = -1, .flags = (int)fcntl(fd, F_GETFL, 0), .closes = (int)fcntl(fd, F_GETFD, 0) & FD_CLOEXEC,
    .offset = SUPERVISE(SYS_lseek, fd, 0, SEEK_CUR, 0, 0, 0), .device = status.st_dev, .inode = status.st_ino,
    .name = names + names_used,
  };
  if (file->flags < 0 || file->offset < 0) return complain(fd, "not to be asked about");
  names[names_used + (size_t)length] = 0;
  names_used += (size_t)length + 1;
  /* Two descriptors share an offset where moving one moves the other. */
  for (int i = 0; i < file_count && file->shares < 0; i++) {
    if (files[i].device != file->device || files[i].inode != file->inode || files[i].shares >= 0) continue;
    SUPERVISE(SYS_lseek, fd, file->offset + 1, SEEK_SET, 0, 0, 0);
    if (SUPERVISE(SYS_lseek, files[i].fd, 0, SEEK_CUR, 0, 0, 0) == file->offset + 1 && files[i].offset == file->offset)
      file->shares = files[i].fd;
    SUPERVISE(SYS_lseek, fd, file->offset, SEEK_SET, 0, 0, 0);
  }
  file_count++;
  return NULL;
}

static int parse(const char *name) {
  int number = 0;
  for (; *name >= '0' && *name <= '9'; name++) number = number * 10 + (*name - '0');
  return *name ? -1 : number;
}

/* Notes what is open beyond the streams and `ours`; a sentence where something cannot be opened anew. */
const char *open_files_find(int proc, const int *ours, int count) {
  static char listing[LISTING];
  const char *wrong = NULL;
  file_count = 0, names_used = 0;
  long folder = SUPERVISE(SYS_openat, proc, "self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0, 0, 0);
  if (folder < 0) return "what is open cannot be listed";
  long bytes;
  while (!wrong && (bytes = SUPERVISE(SYS_getdents64, folder, listing, sizeof listing, 0, 0, KERNEL_OWN)) > 0) {
    for (long at = 0; !wrong && at < bytes; at += ((struct entry *)(listing + at))->length) {
      int fd = parse(((struct entry *)(listing + at))->name), known = fd < STREAMS || fd == folder || fd == FD_TREE;
      for (int i = 0; i < count; i++) known |= fd == ours[i];
      if (!known) wrong = note(proc, fd);
    }
  }
  close(folder);
  return wrong;
}

/* Opens what was noted again, by name, under the same numbers. */
const char *open_files_take_own(void) {
  for (int i = 0; i < file_count; i++) {
    struct file *file = &files[i];
    if (file->shares >= 0) {
      if (SUPERVISE(SYS_dup3, file->shares, file->fd, file->closes ? O_CLOEXEC : 0, 0, 0, 0) < 0)
        return complain(file->fd, "not to be opened again");
      continue;
    }
    struct stat status;
    long fresh = SUPERVISE(SYS_openat, AT_FDCWD, file->name, file->flags | O_CLOEXEC | O_NOFOLLOW, 0, 0, 0);
    if (fresh < 0 || SUPERVISE(SYS_fstat, fresh, &status, 0, 0, 0, 0) < 0 || !S_ISREG(status.st_mode) ||
        SUPERVISE(SYS_lseek, fresh, file->offset, SEEK_SET, 0, 0, 0) != file->offset ||
        SUPERVISE(SYS_dup3, fresh, file->fd, file->closes ? O_CLOEXEC : 0, 0, 0, 0) < 0)
      return complain(file->fd, "not to be opened again");
    close(fresh);
    file->device = status.st_dev, file->inode = status.st_ino;
  }
  return NULL;
}

static int next_kept(unsigned from) {
  int next = -1;
  for (int i = 0; i < file_count; i++)
    if ((unsigned)files[i].fd >= from && (next < 0 || files[i].fd < next)) next = files[i].fd;
  return next;
}

/* Closes every descriptor from a number on but those noted and, where `spare` is not negative, that one. */
int open_files_close_others(unsigned from, int spare) {
  for (;;) {
    int kept = next_kept(from);
    if (spare >= 0 && (unsigned)spare >= from && (kept < 0 || spare < kept)) kept = spare;
    unsigned last = kept < 0 ? ~0u : (unsigned)kept - 1;
    if (kept != (int)from && SUPERVISE(SYS_close_range, from, last, 0, 0, 0, 0) < 0) return -1;
    if (kept < 0) return 0;
    from = (unsigned)kept + 1;
  }
}
