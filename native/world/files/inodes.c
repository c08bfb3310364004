/*
 * Numbers the kernel hands out machine-wide, replaced by the order in which this process meets them.
 */
#define _GNU_SOURCE
#include "files.h"
#include <fcntl.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

enum {
  DEVICES_MOST = 64, NAMELESS_MOST = 512, READ_ONLY_FLAG = 1 /* ST_RDONLY */,
  IMAGE_MOST = 1 << 17, IMAGE_PLACES = 2 * IMAGE_MOST,
};

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

/*
 * Those of the image, in the order they are met, so that few pages are touched; found by a hash. They are not forgotten: what
 * a zygote met it met before every job.
 */
static struct { uint64_t device, inode; } met[IMAGE_MOST];
static uint32_t met_count, places[IMAGE_PLACES]; /* numbers; 0: free, as half of them always are */

uint64_t image_inode(uint64_t device, uint64_t inode) {
  uint64_t hash = (inode ^ device << 32) * 0x9e3779b97f4a7c15ull;
  for (uint32_t at = (uint32_t)(hash >> 32) % IMAGE_PLACES;; at = (at + 1) % IMAGE_PLACES) {
    uint32_t number = places[at];
    if (number && met[number - 1].inode == inode && met[number - 1].device == device) return number;
    if (number) continue;
    if (met_count == IMAGE_MOST) break;
    met[met_count].device = device;
    met[met_count].inode = inode;
    return places[at] = ++met_count;
  }
  /* Two files must never look like one, even where the machine's own number tells them apart. */
  world_lacks(LACK_LAYOUT);
  return IMAGE_MOST + inode;
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
