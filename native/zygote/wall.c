/*
 * The wall, from inside the child.
 *
 * The child is born by one clone3 into pid, mount, ipc, uts and user namespaces of its own, as the first process of its
 * pid namespace; when it dies, the kernel kills whatever it left behind. The empty network namespace, filter A and the
 * control group are its slot's and inherited. What is left to do is done here, in an order in which each step still has
 * the right to be taken, and nothing of the job has been looked at before the last one:
 *
 *   1. identity   a session of its own, because a signal to process group 0 goes to the whole group, other namespaces
 *                 or not; one user id, unprivileged inside; the child is the first to be killed when memory runs out
 *                 where a network was asked for, it is made as the sandbox may have it (loopback.c): that takes /proc
 *   2. files      fresh tmpfs on /tmp and /dev/shm over the read-only tree at /mnt, which becomes the root; the old root,
 *                 with the outer wall's /proc, is detached, and a namespace that is not the owner's cannot bring it back
 *   3. streams    0 null, opened anew because siblings would see the flags of a shared one, 1 and 2 text, 3 to the host,
 *                 4... links; everything else is closed
 *   4. limits     rlimits
 *   5. rights     bounding set emptied, capabilities dropped, securebits locked, not dumpable (no_core.h)
 *   6. calls      filter B, which takes away what steps 1 to 5 needed
 *
 * A step that fails ends the child with its name on the text stream and without the byte `W` that tells the slot that
 * the wall stands: there is no partial wall.
 */
#include "zygote.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "supervise.h"

enum { CAPABILITIES_MOST = 64, TMP_INODES = 65536, SHM_INODES = 1024, EXIT_NO_WALL = 125 };

__attribute__((noreturn)) static void fail(int err, const char *step) {
  dprintf(err, "%s: %s", step, strerror(errno));
  _exit(EXIT_NO_WALL);
}

static int put(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  ssize_t n = write(fd, text, strlen(text));
  int error = errno;
  close(fd);
  errno = error;
  return n < 0 ? -1 : 0;
}

static void become_someone(const struct slot *slot, const struct birth *birth) {
  int err = birth->err;
  char map[32];
  snprintf(map, sizeof map, "%d %u 1", INSIDE_ID, slot_user(slot));
  if (put("/proc/self/setgroups", "deny") < 0) fail(err, "deny setgroups");
  if (birth->ids[0] >= 0) {
    const char *wrong = ids_take(slot, birth, -1);
    if (wrong) fail(err, wrong);
  } else if (put("/proc/self/uid_map", map) < 0) fail(err, "map the user id");
  snprintf(map, sizeof map, "%d 0 1", INSIDE_ID);
  if (put("/proc/self/gid_map", map) < 0) fail(err, "map the group id");
  if (put("/proc/self/oom_score_adj", "1000") < 0) fail(err, "raise oom_score_adj");
}

static void mount_fresh(int err, const char *path, uint64_t bytes, int inodes, unsigned long flags) {
  char options[96];
  snprintf(options, sizeof options, "size=%llu,nr_inodes=%d,mode=1777", (unsigned long long)bytes, inodes);
  if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV | flags, options) < 0) fail(err, path);
}

static void enter_files(int err, const struct start *start) {
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) fail(err, "make mounts private");
  /* What another user namespace mounted is locked here and cannot become a root; a bind of it can. */
  if (mount("/mnt", "/mnt", NULL, MS_BIND | MS_REC, NULL) < 0) fail(err, "bind the root");
  mount_fresh(err, "/mnt/tmp", start->tmp_bytes, TMP_INODES, 0);
  mount_fresh(err, "/mnt/dev/shm", start->shm_bytes, SHM_INODES, MS_NOEXEC);
  if (chdir("/mnt") < 0) fail(err, "enter the root");
  if (syscall(SYS_pivot_root, ".", ".") < 0) fail(err, "pivot_root");
  if (umount2(".", MNT_DETACH) < 0) fail(err, "detach the old root");
  if (chdir("/tmp") < 0) fail(err, "enter /tmp");
}

/* Copies of a trunk are counted with it, so its own limit of processes is one that a copy can raise. */
static int keeps_room;

static void limit(int resource, uint64_t value) {
  struct rlimit limits = { value, value }, now;
  if (keeps_room && resource == RLIMIT_NPROC && getrlimit(resource, &now) == 0) limits.rlim_max = now.rlim_max;
  if (setrlimit(resource, &limits) < 0) fail(2, "setrlimit");
}

/* 1, not 0: with 0 the kernel still starts a piped core_pattern helper on the host. */
static uint64_t core_bytes = 1;

uint64_t libc_number;

void wall_prepare(void) {
  struct rlimit core;
  /* A kernel without it leaves 0, and the number as it was. */
  prctl(PR_GET_TID_ADDRESS, &libc_number, 0, 0, 0);
  /* For all that a sandbox starts, too. A kernel that makes no cores has no such file. */
  put("/proc/self/coredump_filter", "0");
  char first = '|';
  if (getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_max > 0) return;
  int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    if (read(fd, &first, 1) != 1) first = 0;
    close(fd);
  }
  /* A limit that the host has set to 0 cannot be raised; without a helper it does what it says. */
  errno = EPERM;
  if (first == '|') give_up("limit core files to 1 byte");
  core_bytes = 0;
}

static void set_limits(const struct start *start) {
  limit(RLIMIT_CORE, core_bytes);
  limit(RLIMIT_AS, start->address_space_bytes);
  limit(RLIMIT_FSIZE, start->file_bytes);
  limit(RLIMIT_NPROC, start->processes);
  limit(RLIMIT_NOFILE, start->open_files);
  limit(RLIMIT_MSGQUEUE, 0);
  limit(RLIMIT_MEMLOCK, 0);
  limit(RLIMIT_RTPRIO, 0);
  limit(RLIMIT_SIGPENDING, 256);
  /* The kernel's own backstop; the slot counts in microseconds. */
  limit(RLIMIT_CPU, start->cpu_s);
}

/* Parked first, because a source may lie where a target goes. Returns how many there are. */
int wall_place_streams(const struct birth *birth, int park) {
  int sources[4 + MAX_LINKS] = { open("/dev/null", O_RDWR | O_CLOEXEC), birth->out, birth->err, birth->stream };
  int count = 4 + (int)birth->start->links, err = birth->err;
  for (int i = 4; i < count; i++) sources[i] = birth->link[i - 4];
  for (int i = 0; i < count; i++)
    if ((sources[i] = fcntl(sources[i], F_DUPFD, park)) < 0) fail(err, "park a stream");
  err = sources[2];
  for (int i = 0; i < count; i++)
    if (dup2(sources[i], i) < 0) fail(err, "place a stream");
  /* What the job starts inherits its text streams only. */
  for (int i = 3; i < count; i++)
    if (fcntl(i, F_SETFD, FD_CLOEXEC) < 0) fail(2, "close on exec");
  return count;
}

/* Returns what the slot is told over that the wall stands: the stream, or the descriptor behind all others. */
static int keep_streams(const struct birth *birth) {
  int direct = birth->direct < 0 ? -1 : fcntl(birth->direct, F_DUPFD, FD_PARK);
  int count = wall_place_streams(birth, FD_PARK), told = 3;
  if (birth->direct >= 0) {
    told = count++;
    if (direct < 0 || dup2(3, told) < 0 || dup2(direct, 3) < 0 || fcntl(3, F_SETFD, FD_CLOEXEC) < 0)
      fail(2, "place the host's stream");
  }
  if (syscall(SYS_close_range, (unsigned)count, ~0u, 0) < 0) fail(2, "close_range");
  return told;
}

static void drop_rights(void) {
  for (int capability = 0; capability < CAPABILITIES_MOST; capability++)
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) {
      if (errno == EINVAL) break; /* the kernel's last was the one before */
      fail(2, "drop the bounding set");
    }
  unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
                       SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
  if (prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) < 0) fail(2, "lock securebits");
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0) fail(2, "clear ambient capabilities");
  struct __user_cap_header_struct who = { _LINUX_CAPABILITY_VERSION_3, 0 };
  struct __user_cap_data_struct none[2] = { { 0 } };
  if (syscall(SYS_capset, &who, none) < 0) fail(2, "drop capabilities");
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) fail(2, "no_new_privs");
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) fail(2, "not dumpable");
}

int wall_filter(const struct filter *filter) {
  struct sock_fprog program = { (unsigned short)(filter->bytes / sizeof(struct sock_filter)), (void *)filter->code };
  return (int)SUPERVISE(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program, 0, 0, 0);
}

void wall_build(const struct slot *slot, const struct birth *birth) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) fail(birth->err, "die with the slot");
  if (setsid() < 0) fail(birth->err, "lead a session");
  become_someone(slot, birth);
  struct filter networked = { birth->start->filter_bytes, slot->job };
  int loopback = (birth->start->flags & START_LOOPBACK) != 0;
  if (loopback) loopback_raise(birth);
  enter_files(birth->err, birth->start);
  int told = keep_streams(birth);
  set_limits(birth->start);
  drop_rights();
  if (wall_filter(loopback ? &networked : &slot->filter_child) < 0) fail(2, "seccomp");
  if (write(told, "W", 1) != 1 || (told != 3 && close(told) < 0)) fail(2, "tell that the wall stands");
}

/* ---- what trunks and copies take of it (copy_wall.c) ---- */

void wall_fail(int err, const char *step) {
  fail(err, step);
}

void wall_mount_own(int err, const struct start *start) {
  unsigned long no_programs = MS_NOEXEC;
  mount_fresh(err, "/tmp", start->tmp_bytes, TMP_INODES, 0);
  mount_fresh(err, "/dev/shm", start->shm_bytes, SHM_INODES, no_programs);
}

void wall_enter(const struct slot *slot, const struct birth *birth) {
  become_someone(slot, birth);
  enter_files(birth->err, birth->start);
}

void wall_limits(const struct start *start) {
  keeps_room = (start->flags & START_TRUNK) != 0;
  set_limits(start);
}

void wall_drop_rights(void) {
  drop_rights();
}
