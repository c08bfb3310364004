/*
 * A slot's own user id on the host.
 *
 * The kernel counts some things per user of the host and not per user namespace: watches of epoll instances, pages of
 * pipes, descriptors on their way. Where the host gave the zygote's namespace more ids than one, each slot takes one of
 * them, and what its sandboxes use up is missed by nobody else. It costs a slot three calls, and a sandbox nothing.
 *
 * Rights in the zygote's namespace stay as they were: a host may let only those with rights make a user namespace.
 */
#include "zygote.h"
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "supervise.h"

uint32_t slot_user(const struct slot *slot) {
  /* 0 is the zygote's own. */
  return slot->config_flags & CONFIG_OWN_IDS ? slot->index + 1 : 0;
}

int slot_take_user(const struct slot *slot) {
  uint32_t user = slot_user(slot);
  struct __user_cap_header_struct who = { _LINUX_CAPABILITY_VERSION_3, 0 };
  struct __user_cap_data_struct rights[2];
  if (user == 0) return 0;
  if (syscall(SYS_capget, &who, rights) < 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) return -1;
  /* This takes the parent-death signal away, which is why it comes before that is asked for. */
  if (SUPERVISE(SYS_setresuid, user, user, user, 0, 0, 0) < 0) return -1;
  /* The new id took the effective rights, and with them the right to write one's own files below /proc. */
  if (syscall(SYS_capset, &who, rights) < 0) return -1;
  return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}
