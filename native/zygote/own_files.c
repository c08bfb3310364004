/*
 * /tmp and /dev/shm of a copy: fresh file systems with what the trunk's hold.
 *
 * Everything a program can see of a file is the same: contents and holes, names and their order, modes, times, links, and
 * the numbers of inodes, which a fresh tmpfs hands out in order. So files are made in the order of their numbers, and the
 * numbers between, of files that are gone, are used up. What cannot be the same is said in one sentence, and nothing is
 * copied. The number that the next new file gets is the one after the highest that is in use: where the trunk's last file
 * is gone, it is another one.
 *
 * The trunk is blocked in C meanwhile, so nothing changes under the copy. Calls and memory are as in open_files.c.
 */
#include "zygote.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "supervise.h"

/* Half of ENTRIES_MOST may be copied: the copy is listed beside it. */
enum { ENTRIES_MOST = 8192, NAMES_MOST = 512 << 10, LISTING = 32 << 10, UNUSED_MOST = 4096, PIECE = 64 << 10 };

/* One name, in the order of the listings, parents before what lies in them. Paths are relative to the root of the copy. */
struct found { char *path; struct stat status; };
struct entry { uint64_t inode; int64_t offset; unsigned short length; unsigned char type; char name[]; };

static struct found found[ENTRIES_MOST];
static uint16_t order[ENTRIES_MOST];
static int found_count;
static char names[NAMES_MOST], listing[LISTING], piece[PIECE];
static size_t names_used;

static const char too_many[] = "there are more files in /tmp than can be copied";

static const char *add(const char *folder, const char *name, int at) {
  size_t long_folder = strlen(folder), long_name = strlen(name);
  if (found_count == ENTRIES_MOST || long_folder + long_name + 2 > NAMES_MOST - names_used) return too_many;
  struct found *entry = &found[found_count];
  entry->path = names + names_used;
  if (long_folder) memcpy(entry->path, folder, long_folder), entry->path[long_folder++] = '/';
  memcpy(entry->path + long_folder, name, long_name + 1);
  names_used += long_folder + long_name + 1;
  if (SUPERVISE(SYS_newfstatat, at, entry->path, &entry->status, AT_SYMLINK_NOFOLLOW, 0, 0) < 0)
    return "a file in /tmp cannot be looked at";
  mode_t kind = entry->status.st_mode & S_IFMT;
  if (kind != S_IFREG && kind != S_IFDIR && kind != S_IFLNK && kind != S_IFIFO)
    return "something in /tmp is no file, folder, link or pipe";
  found_count++;
  return NULL;
}

/* Every name in one folder, in the order in which it is listed. */
static const char *list(int at, const char *folder) {
  const char *wrong = NULL;
  long fd = SUPERVISE(SYS_openat, at, *folder ? folder : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0, 0, 0), bytes;
  if (fd < 0) return "a folder in /tmp cannot be listed";
  while (!wrong && (bytes = SUPERVISE(SYS_getdents64, fd, listing, sizeof listing, 0, 0, KERNEL_OWN)) > 0)
    for (long i = 0; !wrong && i < bytes; i += ((struct entry *)(listing + i))->length) {
      const char *name = ((struct entry *)(listing + i))->name;
      if (strcmp(name, ".") && strcmp(name, "..")) wrong = add(folder, name, at);
    }
  close(fd);
  return wrong;
}

/* Everything below a folder, behind what was found before. */
static const char *find_from(int at, int first) {
  const char *wrong = list(at, "");
  for (int i = first; !wrong && i < found_count; i++)
    if (S_ISDIR(found[i].status.st_mode)) wrong = list(at, found[i].path);
  return wrong;
}

/* By number; what has the same number, links of one file, in the order in which it was found. */
static void sort_by_number(void) {
  for (int i = 0; i < found_count; i++) {
    int to = i;
    uint64_t number = found[i].status.st_ino;
    for (; to > 0 && found[order[to - 1]].status.st_ino > number; to--) order[to] = order[to - 1];
    order[to] = (uint16_t)i;
  }
}

static const char *copy_contents(int from, int to, const struct found *entry) {
  long in = SUPERVISE(SYS_openat, from, entry->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0, 0, 0);
  long out = SUPERVISE(SYS_openat, to, entry->path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0, 0, 0);
  const char *wrong = in < 0 || out < 0 ? "a file in /tmp cannot be read" : NULL;
  int64_t at = 0, size = entry->status.st_size;
  while (!wrong && at < size && (at = SUPERVISE(SYS_lseek, in, at, SEEK_DATA, 0, 0, 0)) >= 0) {
    int64_t end = SUPERVISE(SYS_lseek, in, at, SEEK_HOLE, 0, 0, 0);
    while (!wrong && at < end) {
      long bytes = SUPERVISE(SYS_pread64, in, piece, end - at < PIECE ? end - at : PIECE, at, 0, 0);
      if (bytes <= 0 || SUPERVISE(SYS_pwrite64, out, piece, bytes, at, 0, 0) != bytes) wrong = "a file in /tmp does not fit into the copy";
      at += bytes;
    }
  }
  if (!wrong && SUPERVISE(SYS_ftruncate, out, size, 0, 0, 0, 0) < 0) wrong = "a file in /tmp does not fit into the copy";
  if (in >= 0) close(in);
  if (out >= 0) close(out);
  return wrong;
}

static long make_one(int from, int to, const struct found *entry) {
  char target[4096];
  long length;
  switch (entry->status.st_mode & S_IFMT) {
    case S_IFDIR: return SUPERVISE(SYS_mkdirat, to, entry->path, 0700, 0, 0, 0);
    case S_IFLNK:
      length = SUPERVISE(SYS_readlinkat, from, entry->path, target, sizeof target - 1, 0, 0);
      if (length < 0) return length;
      target[length] = 0;
      return SUPERVISE(SYS_symlinkat, target, to, entry->path, 0, 0, 0);
    default: return SUPERVISE(SYS_mknodat, to, entry->path, (entry->status.st_mode & S_IFMT) | 0600, 0, 0, 0);
  }
}

static int is_number(int at, const struct found *entry, uint64_t *number) {
  struct stat status;
  long error = SUPERVISE(SYS_newfstatat, at, entry->path, &status, AT_SYMLINK_NOFOLLOW, 0, 0);
  *number = error < 0 ? UINT64_MAX : status.st_ino;
  return *number == entry->status.st_ino;
}

/* Makes a file until it has its number: one that is made and removed uses one up. */
static const char *make_numbered(int from, int to, const struct found *entry, int *unused) {
  for (uint64_t number;;) {
    if (make_one(from, to, entry) < 0) return "a file in /tmp is older than its folder, or does not fit into the copy";
    if (is_number(to, entry, &number)) return NULL;
    if (number > entry->status.st_ino || ++*unused > UNUSED_MOST) return "inode numbers in /tmp cannot be given again";
    SUPERVISE(SYS_unlinkat, to, entry->path, S_ISDIR(entry->status.st_mode) ? AT_REMOVEDIR : 0, 0, 0, 0);
  }
}

/* What is the same file as the one before it, by number; NULL where it is the first. */
static const struct found *same_as(int i) {
  const struct found *before = i ? &found[order[i - 1]] : NULL;
  return before && before->status.st_ino == found[order[i]].status.st_ino ? before : NULL;
}

static const char *make_all(int from, int to) {
  const char *wrong = NULL;
  int unused = 0;
  for (int i = 0; !wrong && i < found_count; i++) {
    const struct found *entry = &found[order[i]];
    if (same_as(i)) continue;
    wrong = make_numbered(from, to, entry, &unused);
    if (!wrong && S_ISREG(entry->status.st_mode)) wrong = copy_contents(from, to, entry);
  }
  for (int i = 0; !wrong && i < found_count; i++)
    if (same_as(i) && SUPERVISE(SYS_linkat, to, same_as(i)->path, to, found[order[i]].path, 0, 0) < 0)
      wrong = "a link in /tmp cannot be made again";
  return wrong;
}

static void settle(int at, const char *path, const struct stat *status) {
  struct timespec times[2] = { status->st_atim, status->st_mtim };
  if (!S_ISLNK(status->st_mode)) SUPERVISE(SYS_fchmodat, at, path, status->st_mode & 07777, 0, 0, 0);
  SUPERVISE(SYS_utimensat, at, path, times, AT_SYMLINK_NOFOLLOW, 0, 0);
}

/* Where listings are not sorted, as the sealed world sorts them, their order has to be the same. */
static const char *check_order(int at) {
  if (world_is_sealed() || found_count < 2) return NULL;
  int before = found_count;
  size_t used = names_used;
  const char *wrong = find_from(at, found_count);
  for (int i = 0; !wrong && i < before; i++)
    if (found_count != 2 * before || strcmp(found[i].path, found[before + i].path))
      wrong = "the order of names in /tmp cannot be made again";
  found_count = before, names_used = used;
  return wrong;
}

static const char *copy_tree(int from, int to) {
  struct stat root, fresh;
  if (SUPERVISE(SYS_fstat, from, &root, 0, 0, 0, 0) < 0 || SUPERVISE(SYS_fstat, to, &fresh, 0, 0, 0, 0) < 0)
    return "/tmp cannot be looked at";
  world_moved(root.st_dev, root.st_ino, fresh.st_dev, fresh.st_ino);
  found_count = 0, names_used = 0;
  const char *wrong = find_from(from, 0);
  if (wrong) return wrong;
  sort_by_number();
  if ((wrong = make_all(from, to)) || (wrong = check_order(to))) return wrong;
  /* Folders last, from within: what is made in one changes its times. */
  for (int i = found_count - 1; i >= 0; i--) settle(to, found[i].path, &found[i].status);
  settle(to, ".", &root);
  return NULL;
}

/* Puts file systems of this process's own in place of those it shares; a sentence where it cannot be done. */
const char *own_files_make(const struct start *start, int err) {
  static char folder[4096];
  static const char *const roots[] = { "/tmp", "/dev/shm" };
  const char *wrong = NULL;
  int from[2];
  if (SUPERVISE(SYS_getcwd, folder, sizeof folder, 0, 0, 0, 0) < 0 || folder[0] != '/') return "the working folder is gone";
  for (int i = 0; i < 2; i++)
    if ((from[i] = open(roots[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) return "/tmp cannot be opened";
  wall_mount_own(err, start);
  for (int i = 0; i < 2; i++) {
    int to = open(roots[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!wrong) wrong = to < 0 ? "/tmp cannot be opened" : copy_tree(from[i], to);
    close(to), close(from[i]);
  }
  explicit_bzero(piece, sizeof piece);
  if (!wrong && SUPERVISE(SYS_chdir, folder, 0, 0, 0, 0, 0) < 0) wrong = "the working folder is gone";
  return wrong;
}
