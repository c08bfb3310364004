/*
 * What does not hold, whichever process of the sandbox it was found in. The first one is asked (world_name); those below it leave
 * a byte for each thing in a file of the sandbox's own, which is there for programs that an exec begins, too.
 */
#include "process.h"
#include <fcntl.h>
#include <sys/syscall.h>

enum { THINGS = 32 };
#define FOUND "/dev/shm/.sameseed-lacks"

static long open_found(int flags) {
  return world_raw6(SYS_openat, AT_FDCWD, (long)FOUND, flags | O_CLOEXEC | O_NOFOLLOW, 0600, 0, 0);
}

void world_lacks_too(uint32_t lack) {
  if (!world.begun || world.depth == 0) return;
  long fd = open_found(O_WRONLY | O_CREAT);
  if (fd < 0) return;
  world_raw6(SYS_pwrite64, fd, (long)"1", 1, __builtin_ctz(lack), 0, 0);
  world_raw6(SYS_close, fd, 0, 0, 0, 0, 0);
}

void world_lacks(uint32_t lack) {
  if (!(world.lacks & lack)) world_lacks_too(lack);
  world.lacks |= lack;
}

uint32_t world_others_lack(void) {
  char found[THINGS] = { 0 };
  uint32_t lacks = 0;
  long fd = world.births > 0 ? open_found(O_RDONLY) : -1;
  if (fd < 0) return 0;
  world_raw6(SYS_pread64, fd, (long)found, sizeof found, 0, 0, 0);
  world_raw6(SYS_close, fd, 0, 0, 0, 0, 0);
  for (unsigned i = 0; i < THINGS; i++)
    if (found[i]) lacks |= 1u << i;
  return lacks;
}
