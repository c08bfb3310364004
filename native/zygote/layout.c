/*
 * Where things lie in memory.
 *
 * pin() switches randomisation off, which takes an exec. Three things of the host move addresses even then, and with them the
 * order of a set of types or objects. In a sealed zygote
 *
 *   file systems   From Linux 5.18 on a file of 2 MiB and more is mapped at a multiple of 2 MiB where its file system can hold
 *                  large pages (ext4, XFS), and at any page where it cannot. An overlay's files are never placed so. The zygote
 *                  sees its image through an overlay with nothing above it, wherever the image lies: as its own root, and at
 *                  /mnt, which becomes the root of its sandboxes. The files and their pages stay the image's own.
 *   the kernel     maps pages of its own below the linker, on one kernel more than on another. Mappings begin as far below the
 *                  stack as the stack may grow, so the exec is made with a limit that makes up for their number; after it
 *                  the limit is the usual one. Older kernels (5.15, for one) that use five levels of pages draw a place above the
 *                  stack for theirs; of some 500 places a few are taken, and then they lie below the linker after all.
 *                  Which it was is seen after the exec, and one more is made where the limit was for the other.
 *   memory         is taken where there is room, on some kernels at multiples of 2 MiB: Python's small objects have an address of
 *                  their own (arenas.c), and so has what is large (native/world/process/large.c).
 *
 * A host may refuse the overlay (no such module, or one overlay on another too many) or the limit. Then the zygote goes on
 * without, and layout_is_even finds out: whether the image is seen through an overlay after all, how files are mapped, whether they
 * and folders are of one device, which some overlays tell otherwise, whether a folder has one number, how large blocks are said to be, where
 * the linker lies, and whether large memory has its places.
 */
#include "zygote.h"
#include "kernel.h"
#include "world/process/stack.h"
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LARGE_PAGE (2ul << 20)
#define OVERLAYS 0x794c7630
#define BLOCK_BYTES 4096
#define WORK "/tmp/.layout"
#define PINNED "SAMESEED_PINNED"
#define FREE "SAMESEED_FREE_ADDRESSES"
/* The second meets what the first found, but for a rare draw. */
#define EXECS_MOST 4
#define FIRST_OF_OTHERS 32

/* Where files of the image lie in the outer wall besides. */
static const char *const places[] = { "/proc", "/dev", "/mnt" };

static int bind(const char *from, const char *to) {
  return mount(from, to, NULL, MS_BIND | MS_REC, NULL);
}

/* The image at /mnt through an overlay; its devices were mounted into it and are put back. -1: the host does not allow it. */
static int cover_image(void) {
  if (mkdir(WORK "/nothing", 0700) < 0 || mkdir(WORK "/dev", 0700) < 0 || bind("/mnt/dev", WORK "/dev") < 0) return -1;
  /* Inode numbers of folders and files are then of one device. */
  const char *options = "lowerdir=/mnt:" WORK "/nothing,xino=on";
  if (mount("overlay", "/mnt", "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV, options) < 0) {
    umount2(WORK "/dev", MNT_DETACH);
    return -1;
  }
  if (mount(WORK "/dev", "/mnt/dev", NULL, MS_MOVE, NULL) < 0) give_up("put the devices back");
  return 0;
}

/* The same as this process's root, with everything else of the outer wall in it. */
static void enter_image(void) {
  char to[64];
  if (mkdir(WORK "/tree", 0700) < 0 || mount("/mnt", WORK "/tree", NULL, MS_BIND, NULL) < 0) give_up("bind the image");
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    snprintf(to, sizeof to, WORK "/tree%s", places[i]);
    if (bind(places[i], to) < 0) give_up("bind the outer wall");
  }
  if (mount("tmpfs", WORK "/tree/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0) give_up("mount /tmp");
  if (chdir(WORK "/tree") < 0 || syscall(SYS_pivot_root, ".", ".") < 0) give_up("enter the image");
  if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0) give_up("leave the old root");
}

static void see_through_overlay(void) {
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || mkdir(WORK, 0700) < 0) return;
  if (cover_image() == 0) enter_image();
}

/* As it really is: the world tells its programs what they are to see. */
static int find_limit(struct rlimit *limit) { return kernel_call(SYS_prlimit64, 0, RLIMIT_STACK, 0, (long)limit, 0, 0) == 0; }

static void limit_stack(rlim_t bytes) {
  struct rlimit limit;
  if (!find_limit(&limit)) return;
  limit.rlim_cur = bytes;
  setrlimit(RLIMIT_STACK, &limit);
}

/*
 * libc gives threads stacks as large as the limit was at the exec. What a sealed program begins is begun with the same limit as this one
 * (native/world/process/places.c), so it stays allowed.
 */
static void settle_stack(void) {
  struct rlimit limit, usual = { STACK_BYTES, STACK_BYTES };
  pthread_attr_t threads;
  if (world_is_sealed() && find_limit(&limit))
    usual.rlim_max = limit.rlim_max < STACK_OF_EXEC ? limit.rlim_max : STACK_OF_EXEC;
  setrlimit(RLIMIT_STACK, &usual);
  if (pthread_attr_init(&threads) != 0) return;
  if (pthread_attr_setstacksize(&threads, STACK_BYTES) == 0) pthread_setattr_default_np(&threads);
  pthread_attr_destroy(&threads);
}

void mappings_named(const char *name, void (*visit)(uintptr_t from, uintptr_t to)) {
  char line[512];
  unsigned long from, to;
  FILE *maps = fopen("/proc/self/maps", "re");
  if (!maps) return;
  while (fgets(line, sizeof line, maps))
    if (strstr(line, name) && sscanf(line, "%lx-%lx", &from, &to) == 2) visit(from, to);
  fclose(maps);
}

/* How much the kernel maps of its own into every process, wherever that lies where addresses are random. */
static size_t kernels;
static void count_kernels(uintptr_t from, uintptr_t to) { kernels += to - from; }

int addresses_are_fixed(void) {
  int now = personality(0xffffffff);
  return now != -1 && (now & ADDR_NO_RANDOMIZE);
}

/* Nothing else stays of what the host was started with, such as another way to lay out memory, if the host lets it go. */
static int fix_addresses(void) {
  personality(ADDR_NO_RANDOMIZE);
  return addresses_are_fixed();
}

/* An audit asks what happens where addresses are not the same each time, even where the host's own are fixed. */
static int free_addresses(void) {
  return addresses_are_fixed() && personality(0) >= 0 && !addresses_are_fixed();
}

/* Of x86-64: other architectures are compared with nothing. */
static int linker_is_in_place(void) {
  size_t mapped;
  uintptr_t end;
  if (!world_places(&mapped, &end)) return 0;
#if defined(__x86_64__)
  return end == STACK_LINE + mapped;
#else
  return 1;
#endif
}

/* Whether it lies where it does because the last limit made up for the wrong number of pages; the right one is kept. */
static int can_do_better(void) {
  size_t mapped;
  uintptr_t end;
  if (!world_places(&mapped, &end) || linker_is_in_place() || end < STACK_LINE || end - STACK_LINE > STACK_GAP) return 0;
  kernels = mapped;
  return 1;
}

/*
 * Node gives what it starts the first 31 signals as they usually are. Those of the others that whoever started it ignores stay
 * ignored over each exec, and Python would show them so.
 */
static void expect_signals(void) {
  const struct { void *handler; unsigned long flags; void *restorer; uint64_t mask; } usual = { 0 };
  for (int signal = FIRST_OF_OTHERS; signal < NSIG; signal++)
    kernel_call(SYS_rt_sigaction, signal, (long)&usual, 0, sizeof usual.mask, 0, 0);
}

/*
 * pin(path, argv...): executes itself with fixed addresses, or with free ones where the variable FREE is set, and with the variable
 * PINNED; returns False where it has that, or where that is not possible or needed. That addresses are fixed tells nothing:
 * whoever started the host may have fixed its own.
 */
PyObject *pin(PyObject *module, PyObject *args) {
  (void)module;
  char *argv[16];
  Py_ssize_t count = PyTuple_GET_SIZE(args);
  if (count < 1 || count > 15) Py_RETURN_FALSE;
  /* A host that forbids the personality would otherwise make this an endless loop. */
  const char *before = getenv(PINNED);
  int execs = before ? atoi(before) : 0, is_free = getenv(FREE) != NULL;
  int is_done = execs > 0 ? is_free || execs >= EXECS_MOST || !can_do_better() : !(is_free ? free_addresses() : fix_addresses());
  if (is_done) {
    settle_stack();
    Py_RETURN_FALSE;
  }
  for (Py_ssize_t i = 0; i < count; i++)
    if (!(argv[i] = (char *)PyUnicode_AsUTF8(PyTuple_GET_ITEM(args, i)))) return NULL;
  argv[count] = NULL;
  if (!is_free && world_is_sealed()) {
    if (execs == 0) {
      mappings_named("[vdso]", count_kernels);
      mappings_named("[vvar", count_kernels);
      see_through_overlay();
    }
    limit_stack(STACK_OF_EXEC - kernels);
  } else limit_stack(STACK_BYTES);
  /* One digit, so that the stack begins where it began. */
  const char now[] = { (char)('1' + execs), 0 };
  if (setenv(PINNED, now, 1) < 0) return PyErr_SetFromErrno(PyExc_OSError);
  expect_signals();
  execv(argv[0], argv);
  return PyErr_SetFromErrno(PyExc_OSError);
}

/* Whether a file is mapped at a multiple of 2 MiB. It is asked past libc, whose mappings have places of their own. */
static int lies_at_multiples(int fd) {
  const size_t length = 2 * LARGE_PAGE + 4096;
  long first = kernel_call(SYS_mmap, 0, (long)length, PROT_READ, MAP_PRIVATE, fd, 0);
  /* A file may be mapped beyond its end. Where nothing is aligned, this one lies right below, by a length that is no such multiple. */
  long second = kernel_call(SYS_mmap, 0, (long)length, PROT_READ, MAP_PRIVATE, fd, 0);
  kernel_call(SYS_munmap, first, (long)length, 0, 0, 0, 0);
  kernel_call(SYS_munmap, second, (long)length, 0, 0, 0, 0);
  return ((first | second) & (long)(LARGE_PAGE - 1)) == 0;
}

/* libc takes buffers for its streams by what the file's own system says, past the world: squashfs, for one, says less. */
static int has_usual_blocks(int fd) {
  struct stat status;
  return kernel_call(SYS_newfstatat, fd, (long)"", (long)&status, AT_EMPTY_PATH, 0, 0) == 0 && status.st_blksize == BLOCK_BYTES;
}

/* So are those of a file in memory, but where a host has them in large pages (shmem_enabled, transparent_hugepage_tmpfs=). */
static int has_usual_files_in_memory(void) {
  int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  int is_usual = fd >= 0 && has_usual_blocks(fd);
  if (fd >= 0) close(fd);
  return is_usual;
}

static int has_even_memory(void) {
#if defined(__x86_64__)
  return world_places_large();
#else
  return 1;
#endif
}

/*
 * An image may lie on an overlay whose layers are of different file systems. Its folders are listed by numbers of the layer's, and have
 * others of their own, which last as long as the kernel remembers the folder. With `xino` they have one, in whose upper bits the zygote's
 * overlay finds no room for its own: then that one has two. A file system may also list no kinds of files, which programs then ask for.
 */
static int folders_have_one_number(const char *file) {
  char folder[PATH_MAX];
  struct stat status;
  const struct dirent *entry;
  int is_one = 1;
  snprintf(folder, sizeof folder, "%s", file);
  *strrchr(folder, '/') = 0;
  DIR *listing = opendir(folder);
  if (!listing) return 0;
  while (is_one && (entry = readdir(listing)))
    if (entry->d_type == DT_UNKNOWN) is_one = 0;
    else if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
      is_one = fstatat(dirfd(listing), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && status.st_ino == entry->d_ino;
  closedir(listing);
  return is_one;
}

PyObject *layout_is_even(PyObject *module, PyObject *path) {
  (void)module;
  const char *file = PyUnicode_AsUTF8(path);
  if (!file) return NULL;
  int fd = open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return PyErr_SetFromErrnoWithFilename(PyExc_OSError, file);
  struct stat root, status;
  struct statfs system;
  int is_overlay = fstatfs(fd, &system) == 0 && system.f_type == OVERLAYS;
  int is_one = fstat(fd, &status) == 0 && stat("/", &root) == 0 && root.st_dev == status.st_dev;
  int is_usual = is_overlay && is_one && folders_have_one_number(file) && has_usual_blocks(fd);
  int is_even = is_usual && !lies_at_multiples(fd) && has_usual_files_in_memory() && has_even_memory() && linker_is_in_place();
  close(fd);
  return PyBool_FromLong(is_even);
}
