/*
 * The entries of a directory, in an order that does not come from the file system: by the bytes of their names, `.` and
 * `..` first. listing.c gives them out through libc's functions, world_do_getdents64 as the kernel would.
 *
 * For the latter the position of an open directory is a number of entries in our order, kept where the kernel keeps its
 * own: in the open directory. Whoever shares the descriptor goes on where another stopped. Each call reads and sorts the
 * whole directory. It is made in a signal handler, so nothing here calls libc's heap or its sort.
 */
#define _GNU_SOURCE
#include "dirents.h"
#include "files.h"
#include "world/process/rest.h"
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(sizeof(struct dirent) == sizeof(struct dirent64), "one layout for both");
_Static_assert(offsetof(struct dirent64, d_name) == 19, "the kernel's layout");

enum { CHUNK = 32 << 10 };

static bool is_dots(const char *name) {
  return name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0));
}

static uint64_t shuffled_place(const char *name) {
  uint64_t hash = 0xcbf29ce484222325ull ^ world.settings.entropy_salt;
  for (; *name; name++) hash = (hash ^ (uint8_t)*name) * 0x100000001b3ull;
  return (hash ^ (hash >> 29)) * 0x9e3779b97f4a7c15ull;
}

static int by_name(const struct dirent64 *left, const struct dirent64 *right) {
  const char *a = left->d_name, *b = right->d_name;
  int dots = is_dots(b) - is_dots(a);
  if (dots) return dots;
  int order = strcmp(a, b);
  if (is_dots(a) || world.settings.dirents == DIRENTS_SORTED) return order;
  if (world.settings.dirents == DIRENTS_REVERSED) return -order;
  uint64_t x = shuffled_place(a), y = shuffled_place(b);
  return x == y ? order : x < y ? -1 : 1;
}

static void sort(struct dirent64 **entries, size_t count) {
  size_t gap = 1;
  while (gap < count / 3) gap = 3 * gap + 1;
  for (; gap > 0; gap /= 3)
    for (size_t i = gap; i < count; i++) {
      struct dirent64 *entry = entries[i];
      size_t at = i;
      for (; at >= gap && by_name(entries[at - gap], entry) > 0; at -= gap) entries[at] = entries[at - gap];
      entries[at] = entry;
    }
}

static bool is_error(long address) { return address < 0 && address > -4096; }

static long more_room(struct dirents *to) {
  size_t capacity = to->capacity ? 2 * to->capacity : 2 * CHUNK;
  long grown = to->capacity ? world_remap(to->records, to->capacity, capacity) : world_map(capacity, MAP_PRIVATE);
  if (is_error(grown)) return grown;
  to->records = (char *)grown;
  to->capacity = capacity;
  return 0;
}

static long read_records(int fd, struct dirents *to) {
  for (;;) {
    long error = to->capacity - to->bytes < CHUNK ? more_room(to) : 0;
    if (error < 0) return error;
    long got = world_own(SYS_getdents64, fd, to->records + to->bytes, CHUNK, 0, 0);
    if (got <= 0) return got;
    to->bytes += (size_t)got;
  }
}

/* What processes tell each other in rest.c's file is the machine's, so it is in no list. Others may have its name elsewhere. */
static bool is_rests(int fd, const struct dirent64 *entry) {
  struct stat folder, own;
  if (WORLD_LIKELY(strcmp(entry->d_name, REST_NAME) != 0)) return false;
  if (world_raw6(SYS_newfstatat, fd, (long)"", (long)&folder, AT_EMPTY_PATH, 0, 0) < 0) return false;
  if (world_raw6(SYS_newfstatat, AT_FDCWD, (long)"/dev/shm", (long)&own, 0, 0, 0) < 0) return false;
  return folder.st_dev == own.st_dev && folder.st_ino == own.st_ino;
}

static void leave_out_rests(int fd, struct dirents *to) {
  size_t kept = 0;
  for (size_t at = 0, length; at < to->bytes; at += length) {
    const struct dirent64 *entry = (const struct dirent64 *)(to->records + at);
    length = entry->d_reclen;
    if (is_rests(fd, entry)) continue;
    if (kept < at) memmove(to->records + kept, entry, length);
    kept += length;
  }
  to->bytes = kept;
}

/* The device of a folder of the image, or 0. */
static uint64_t image_device(int fd) {
  struct stat status;
  const struct file folder = { fd, "", AT_EMPTY_PATH };
  if (world_raw6(SYS_newfstatat, fd, (long)"", (long)&status, AT_EMPTY_PATH, 0, 0) < 0) return 0;
  return device_read_only(status.st_dev, &folder) ? status.st_dev : 0;
}

static long order_records(int fd, struct dirents *to) {
  size_t count = 0;
  for (size_t at = 0; at < to->bytes; count++) at += ((struct dirent64 *)(to->records + at))->d_reclen;
  if (count == 0) return 0;
  long table = world_map(count * sizeof *to->entries, MAP_PRIVATE);
  if (is_error(table)) return table;
  to->entries = (struct dirent64 **)table;
  for (size_t at = 0; at < to->bytes; at += to->entries[to->count++]->d_reclen)
    to->entries[to->count] = (struct dirent64 *)(to->records + at);
  sort(to->entries, count);
  uint64_t image = image_device(fd);
  for (size_t i = 0; i < count; i++) {
    struct dirent64 *entry = to->entries[i];
    entry->d_off = (off64_t)i + 1;
    if (image) entry->d_ino = image_inode(image, entry->d_ino);
    entry->d_ino += world.settings.inode_offset;
    if (entry->d_type == DT_DIR && chance_is_named(fd, entry->d_name)) entry->d_type = DT_CHR;
  }
  return 0;
}

long dirents_read(int fd, struct dirents *to) {
  *to = (struct dirents){ 0 };
  files_asked(fd, NULL);
  long error = read_records(fd, to);
  if (error == 0) leave_out_rests(fd, to);
  if (error == 0) error = order_records(fd, to);
  if (error < 0) dirents_free(to);
  return error;
}

void dirents_free(struct dirents *from) {
  if (from->capacity) world_raw6(SYS_munmap, (long)from->records, (long)from->capacity, 0, 0, 0, 0);
  if (from->entries) world_raw6(SYS_munmap, (long)from->entries, (long)(from->count * sizeof *from->entries), 0, 0, 0, 0);
  *from = (struct dirents){ 0 };
}

/* As many entries from number `first` on as fit; `count` says how many. */
static long hand_out(const struct dirents *from, size_t first, char *to, size_t room, size_t *count) {
  size_t done = 0;
  for (*count = 0; first + *count < from->count; ++*count) {
    const struct dirent64 *entry = from->entries[first + *count];
    if (done + entry->d_reclen > room) return done > 0 ? (long)done : -EINVAL;
    memcpy(to + done, entry, entry->d_reclen);
    done += entry->d_reclen;
  }
  return (long)done;
}

long world_do_getdents64(int fd, void *to, size_t room) {
  struct dirents all;
  size_t count;
  long first = world_raw6(SYS_lseek, fd, 0, SEEK_CUR, 0, 0, 0);
  if (first < 0) return first == -ESPIPE ? -ENOTDIR : first;
  if (first == 0) world_count(LEDGER_LISTING, 1);
  world_raw6(SYS_lseek, fd, 0, SEEK_SET, 0, 0, 0);
  long got = dirents_read(fd, &all);
  if (got == 0) {
    got = hand_out(&all, (size_t)first, to, room, &count);
    if (got >= 0) first += (long)count;
    dirents_free(&all);
  }
  world_raw6(SYS_lseek, fd, first, SEEK_SET, 0, 0, 0);
  return got;
}
