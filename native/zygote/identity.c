/*
 * User ids on the host of slots, and of copies of a trunk.
 *
 * The kernel counts some things per user of the host and not per user namespace: watches of epoll instances, pages of
 * pipes, descriptors on their way, waiting signals. Where the host gave the zygote's namespace more ids than one, each slot
 * takes one of them, and what its sandboxes use up is missed by nobody else. It costs a slot three calls, and a sandbox
 * nothing. Rights in the zygote's namespace stay as they were: a host may let only those with rights make a user namespace.
 *
 * In a tree, the id that a stream's slot would have taken is that of the copy with this stream, and of what goes on from it.
 * The trunk's user namespace has the ids of all others beside its own. A process may map one id for itself; a map of more
 * takes rights in the namespace around it, which the trunk's parent has: the slot, or the copy that the trunk goes on from.
 * A copy has rights in its trunk's namespace, where no id is 0, so it keeps them when it takes its own.
 */
#include "zygote.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "supervise.h"

enum { CHILD = 0, PARENT = 1, PID_MOST = 16, MAP_MOST = 4096 };

/* Streams of the trunks that this process descends from: they live as long as it does, and their ids are not in its namespace. */
static uint8_t is_above[MAX_SLOTS];

static int has_own_ids(const struct slot *slot) {
  return (slot->config_flags & CONFIG_OWN_IDS) != 0;
}

/* The id of whatever has stream i, in the namespace that a slot or a copy is in. 0 is the zygote's own. */
static uint32_t user_of(const struct slot *slot, uint32_t index) {
  return (slot->is_frozen ? COPY_USER : 1) + index;
}

uint32_t slot_user(const struct slot *slot) {
  if (has_own_ids(slot)) return user_of(slot, slot->index);
  return slot->is_frozen ? (uint32_t)slot->user : 0;
}

int slot_take_user(const struct slot *slot) {
  uint32_t user = slot_user(slot);
  struct __user_cap_header_struct who = { _LINUX_CAPABILITY_VERSION_3, 0 };
  struct __user_cap_data_struct rights[2];
  if (!has_own_ids(slot)) return 0;
  if (syscall(SYS_capget, &who, rights) < 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) return -1;
  /* This takes the parent-death signal away, which is why it comes before that is asked for. */
  if (SUPERVISE(SYS_setresuid, user, user, user, 0, 0, 0) < 0) return -1;
  /* The new id took the effective rights, and with them the right to write one's own files below /proc. */
  if (syscall(SYS_capset, &who, rights) < 0) return -1;
  return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

/* Files that are the trunk's can be read with the rights that a copy has; nothing it makes is the trunk's from here on. */
int copy_take_user(const struct slot *slot) {
  uint32_t user = slot_user(slot);
  return has_own_ids(slot) ? (int)SUPERVISE(SYS_setresuid, user, user, user, 0, 0, 0) : 0;
}

/* Before a trunk is forked: what it says its number over, and hears that its ids are mapped. */
int ids_offer(const struct slot *slot, struct birth *birth) {
  birth->ids[CHILD] = birth->ids[PARENT] = -1;
  if (!(birth->start->flags & START_TRUNK) || !has_own_ids(slot)) return 0;
  return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, birth->ids);
}

/* As many ids as follow each other from `from` on, each called after its stream. Returns where the next may be. */
static uint32_t add_copies(const struct slot *slot, char *map, int *length, uint32_t from) {
  uint32_t to = from;
  while (to < slot->slots && to != slot->index && !is_above[to]) to++;
  if (to > from)
    *length += snprintf(map + *length, (size_t)(MAP_MOST - *length), "%u %u %u\n", COPY_USER + from, user_of(slot, from), to - from);
  return to + 1;
}

/* What came of a map, as the parent tells the trunk: `error` is 0 where it stands. */
struct mapped { enum { ASKED, OPENED, WRITTEN } step; int error; };
static const char *const map_steps[] = {
  [ASKED] = "be given user ids: say its number",
  [OPENED] = "be given user ids: open the map",
  [WRITTEN] = "be given user ids: write the map",
};

static struct mapped map_ids(const struct slot *slot, const char *pid) {
  char path[32], map[MAP_MOST];
  int length = snprintf(map, sizeof map, "%d %u 1\n", INSIDE_ID, user_of(slot, slot->index));
  for (uint32_t next = 1; next < slot->slots;) next = add_copies(slot, map, &length, next);
  snprintf(path, sizeof path, slot->is_frozen ? "%s/uid_map" : "/proc/%s/uid_map", pid);
  long fd = SUPERVISE(SYS_openat, slot->proc, path, O_WRONLY | O_CLOEXEC, 0, 0, 0);
  if (fd < 0) return (struct mapped){ OPENED, errno };
  long written = write((int)fd, map, length);
  struct mapped mapped = { WRITTEN, written == length ? 0 : written < 0 ? errno : EIO };
  close(fd);
  return mapped;
}

/* The parent's part, once the trunk is forked or could not be: then nobody says anything, or hears what went wrong. */
void ids_give(const struct slot *slot, const struct birth *birth) {
  char pid[PID_MOST] = "";
  if (birth->ids[PARENT] < 0) return;
  close(birth->ids[CHILD]);
  ssize_t length = read(birth->ids[PARENT], pid, sizeof pid - 1);
  int is_number = length > 0 && strspn(pid, "0123456789") == (size_t)length;
  struct mapped mapped = is_number ? map_ids(slot, pid) : (struct mapped){ ASKED, EINVAL };
  send(birth->ids[PARENT], &mapped, sizeof mapped, MSG_NOSIGNAL);
  close(birth->ids[PARENT]);
}

/* The trunk's part. `proc`: the outer wall's /proc, where it is not to be found by its name; -1. Returns what failed, with errno. */
const char *ids_take(const struct slot *slot, const struct birth *birth, int proc) {
  char pid[PID_MOST];
  struct mapped mapped;
  close(birth->ids[PARENT]);
  long length = SUPERVISE(SYS_readlinkat, proc, proc < 0 ? "/proc/self" : "self", pid, sizeof pid, 0, 0);
  if (length < 0 || send(birth->ids[CHILD], pid, length, MSG_NOSIGNAL) != length) return map_steps[ASKED];
  errno = EPIPE;
  if (read(birth->ids[CHILD], &mapped, sizeof mapped) != sizeof mapped) return "be given user ids: hear of them";
  errno = mapped.error;
  if (mapped.error) return map_steps[mapped.step];
  is_above[slot->index] = 1;
  return NULL;
}
