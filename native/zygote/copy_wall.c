/*
 * The wall around a trunk, and around what a copy of one goes on as. wall.c builds every other.
 *
 * A trunk sees what a sandbox sees: files, streams, limits, ids. It keeps what copying takes, its rights in a user namespace
 * that is its own and calls that filter B would take away; its filter (src/sandbox/seccomp/trunk.ts) takes the rest. It runs
 * environment code, so a tree has an outer wall to itself.
 *
 * What goes on as a branch ends behind the whole wall: namespaces, limits, no rights, filter B. What lies below its /tmp, the
 * mount it shares with the trunk, it can neither reach nor uncover. The old root with /proc is gone since the trunk was
 * born; a copy is given a descriptor of it for as long as it maps ids.
 */
#include "zygote.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "supervise.h"

enum { STREAMS = 4, PARK = 16 };

/* ---- the first trunk of a tree: a child of a slot ---- */

static void keep_rights(struct slot *slot, const struct start *start) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) wall_fail(2, "no_new_privs");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) wall_fail(2, "not dumpable");
  struct filter filter = { start->filter_bytes, slot->job };
  if (wall_filter(&filter) < 0) wall_fail(2, "seccomp");
}

void trunk_wall_build(struct slot *slot, const struct birth *birth) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) wall_fail(birth->err, "die with the slot");
  if (setsid() < 0) wall_fail(birth->err, "lead a session");
  wall_enter(slot, birth);
  if (open_files_close_others((unsigned)wall_place_streams(birth, FD_PARK), FD_TREE) < 0) wall_fail(2, "close_range");
  wall_limits(birth->start);
  keep_rights(slot, birth->start);
  trunk_begin(slot, birth->start);
  if (write(3, "W", 1) != 1) wall_fail(2, "tell that the wall stands");
}

/* ---- what goes on: a child of a copy ---- */

static int put_at(int proc, const char *path, const char *text) {
  long fd = SUPERVISE(SYS_openat, proc, path, O_WRONLY | O_CLOEXEC, 0, 0, 0);
  if (fd < 0) return -1;
  long n = write((int)fd, text, strlen(text));
  int error = errno;
  close(fd);
  errno = error;
  return n < 0 ? -1 : 0;
}

/* Called what its trunk is called, in a namespace of its own. What may be copied again is given ids for its copies. */
static void stay_someone(const struct slot *slot, const struct birth *birth) {
  long user = slot->user, group = slot->group;
  int err = birth->err, proc = slot->proc;
  char map[48];
  snprintf(map, sizeof map, "%ld %u 1", user, slot_user(slot));
  if (put_at(proc, "self/setgroups", "deny") < 0) wall_fail(err, "deny setgroups");
  if (birth->ids[0] >= 0) {
    const char *wrong = ids_take(slot, birth, proc);
    if (wrong) wall_fail(err, wrong);
  } else if (put_at(proc, "self/uid_map", map) < 0) wall_fail(err, "map the user id");
  snprintf(map, sizeof map, "%ld %ld 1", group, group);
  if (put_at(proc, "self/gid_map", map) < 0) wall_fail(err, "map the group id");
}

static void take_streams(const struct birth *birth, int spare) {
  struct stat before[STREAMS], after;
  for (int i = 0; i < STREAMS; i++)
    if (SUPERVISE(SYS_fstat, i, &before[i], 0, 0, 0, 0) < 0) wall_fail(birth->err, "look at a stream");
  int count = wall_place_streams(birth, PARK);
  for (int i = 0; i < STREAMS; i++)
    if (SUPERVISE(SYS_fstat, i, &after, 0, 0, 0, 0) == 0)
      world_moved(before[i].st_dev, before[i].st_ino, after.st_dev, after.st_ino);
  if (open_files_close_others((unsigned)count, spare) < 0) wall_fail(2, "close_range");
}

/* `slot` is the copy it is a child of. */
void copy_wall_build(struct slot *slot, const struct birth *birth) {
  int goes_on_as_trunk = (birth->start->flags & START_TRUNK) != 0;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) wall_fail(birth->err, "die with the slot");
  if (setsid() < 0) wall_fail(birth->err, "lead a session");
  stay_someone(slot, birth);
  const char *wrong = own_files_make(birth->start, birth->err);
  if (!wrong) wrong = open_files_take_own();
  if (wrong) errno = 0, wall_fail(birth->err, wrong);
  take_streams(birth, goes_on_as_trunk ? FD_TREE : -1);
  wall_limits(birth->start);
  if (goes_on_as_trunk) {
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) wall_fail(2, "not dumpable");
    trunk_begin(slot, birth->start);
  } else {
    wall_drop_rights();
    if (wall_filter(&slot->filter_child) < 0) wall_fail(2, "seccomp");
  }
  slot->is_frozen = 0;
  if (write(3, "W", 1) != 1) wall_fail(2, "tell that the wall stands");
}
