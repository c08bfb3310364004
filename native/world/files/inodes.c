/*
 * Numbers the kernel hands out machine-wide, replaced by the order in which this process meets them.
 */
#define _GNU_SOURCE
#include "files.h"
#include <fcntl.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

enum { DEVICES_MOST = 64, NAMELESS_MOST = 512, IMAGE_MOST = 1 << 15, READ_ONLY_FLAG = 1 /* ST_RDONLY */ };

static struct { uint64_t number; int read_only; } devices[DEVICES_MOST];  /* read_only: -1 no, 1 yes, 0 not asked */
static unsigned device_count;
static struct { uint64_t device, inode; } nameless[NAMELESS_MOST];
static unsigned nameless_count;

static unsigned device_index(uint64_t device) {
  for (unsigned i = 0; i < device_count; i++)
    if (devices[i].number == device) return i;
  if (device_count == DEVICES_MOST) return DEVICES_MOST - 1;
  devices[device_count].number = device;
  return device_count++;
}

uint64_t device_number(uint64_t device) {
  return device_index(device) + 1;
}

uint64_t nameless_inode(uint64_t device, uint64_t inode) {
  for (unsigned i = 0; i < nameless_count; i++)
    if (nameless[i].inode == inode && nameless[i].device == device) return i + 1;
  if (nameless_count == NAMELESS_MOST) return NAMELESS_MOST;
  nameless[nameless_count].device = device;
  nameless[nameless_count].inode = inode;
  return ++nameless_count;
}

/* Those of the image, by a hash; number 0: free. They are not forgotten: what a zygote met it met before every job. */
static struct { uint64_t device, inode; uint32_t number; } met[IMAGE_MOST];
static uint32_t met_count;

uint64_t image_inode(uint64_t device, uint64_t inode) {
  uint64_t hash = (inode ^ device << 32) * 0x9e3779b97f4a7c15ull;
  for (uint32_t at = (uint32_t)(hash >> 32) % IMAGE_MOST;; at = (at + 1) % IMAGE_MOST) {
    if (met[at].number && met[at].inode == inode && met[at].device == device) return met[at].number;
    if (met[at].number) continue;
    /* The last place stays free, so that every search ends. */
    if (met_count == IMAGE_MOST - 1) return IMAGE_MOST;
    met[at].device = device;
    met[at].inode = inode;
    return met[at].number = ++met_count;
  }
}

/* What was met under one number is met under another from now on: a copy of this process has it in its place. */
WORLD_EXPORT void sameseed_world_moved(uint64_t device, uint64_t inode, uint64_t to_device, uint64_t to_inode);
WORLD_EXPORT void sameseed_world_moved(uint64_t device, uint64_t inode, uint64_t to_device, uint64_t to_inode) {
  for (unsigned i = 0; i < device_count && device != to_device; i++)
    if (devices[i].number == device) devices[i].number = to_device;
  for (unsigned i = 0; i < nameless_count; i++)
    if (nameless[i].device == device && nameless[i].inode == inode) {
      nameless[i].device = to_device;
      nameless[i].inode = to_inode;
    }
}

void devices_forget(void) {
  device_count = nameless_count = 0;
  memset(devices, 0, sizeof devices);
}

static bool mounted_read_only(const struct file *file) {
  struct statfs system;
  long error;
  if (file->path[0] == 0) error = world_own(SYS_fstatfs, file->folder, &system, 0, 0, 0);
  else {
    int nofollow = file->flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0;
    long fd = world_raw6(SYS_openat, file->folder, (long)file->path, O_PATH | O_CLOEXEC | nofollow, 0, 0, 0);
    if (fd < 0) return false;
    error = world_own(SYS_fstatfs, fd, &system, 0, 0, 0);
    world_raw6(SYS_close, fd, 0, 0, 0, 0, 0);
  }
  return error == 0 && (system.f_flags & READ_ONLY_FLAG);
}

bool device_read_only(uint64_t device, const struct file *file) {
  unsigned index = device_index(device);
  if (devices[index].read_only == 0) devices[index].read_only = mounted_read_only(file) ? 1 : -1;
  return devices[index].read_only > 0;
}
