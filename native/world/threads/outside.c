/*
 * What the schedule does about other processes: the children of this one.
 *
 * What a child does next is part of the same program, but when it does it is the machine's. So time stands still while a
 * child may still do something: a deadline that passed before the child had its turn would depend on the machine, and
 * `wait(timeout)` is often a row of short sleeps around a question, so sleeping and asking are waited with too. All this
 * costs real time only beside a child that waits for its parent or never ends, and only up to an amount that every sign
 * of life fills again; what such a program observes then does depend on the machine. Who waits for a descriptor with a
 * time limit is given that limit besides, as long as the child is at work (work.c).
 */
#define _GNU_SOURCE
#include "threads.h"
#include "world/network/network.h"
#include "world/world.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PATIENCE_NS 2000000000ll
#define ASKING_NS 250000000ll
enum { STEP_FIRST_NS = 50000, STEP_MOST_NS = 2000000, YIELDS_AT_ONCE = 64, YIELD_NS = 10000 };

static int64_t spent;           /* real nanoseconds since the last sign of life */

bool world_has_child(void) {
  siginfo_t found = { 0 };
  return world_raw6(SYS_waitid, P_ALL, 0, (long)&found, WEXITED | WNOHANG | WNOWAIT, 0, 0) == 0;
}

/* One that has ended and has not been asked for needs no waiting. */
bool world_child_lives(void) {
  siginfo_t found = { 0 };
  long error = world_raw6(SYS_waitid, P_ALL, 0, (long)&found, WEXITED | WNOHANG | WNOWAIT, 0, 0);
  return error == 0 && found.si_pid == 0;
}

int64_t world_patience_left(void) {
  static uint32_t births;
  /* A new child has had no time yet. */
  if (births != world.births) world_patience_refill();
  births = world.births;
  return spent < PATIENCE_NS ? PATIENCE_NS - spent : 0;
}

int64_t world_patience(bool several) {
  return several || world_child_lives() ? world_patience_left() : 0;
}

void world_patience_spend(int64_t ns) {
  spent += ns;
}

void world_patience_refill(void) {
  spent = 0;
  world_work_hoped_for();
}

void world_ask_patiently(bool (*answered)(void *), void *argument) {
  int64_t waited = 0;
  for (int64_t step = STEP_FIRST_NS; !answered(argument); step *= 2) {
    if (step > STEP_MOST_NS) step = STEP_MOST_NS;
    if (waited >= ASKING_NS || world_patience_left() == 0) return;
    struct timespec time = { 0, step };
    world_raw6(SYS_ppoll, 0, 0, (long)&time, 0, 0, 0);
    waited += step;
    spent += step;
  }
  if (waited > 0) spent = 0;
}

/*
 * A loop that yields and looks again waits for the child as well: how often it goes round is the machine's doing, so no
 * time passes in it that shows, as long as there is patience.
 */
bool world_yield_patiently(unsigned yields) {
  if (world.racing != RACE_CHILDREN || world_patience_left() == 0 || !world_child_lives()) return false;
  int64_t step = YIELD_NS;
  if (yields > YIELDS_AT_ONCE) {
    unsigned longer = yields - YIELDS_AT_ONCE;
    step = longer > 5 ? STEP_MOST_NS : (int64_t)STEP_FIRST_NS << longer;
    struct timespec time = { 0, step };
    world_raw6(SYS_ppoll, 0, 0, (long)&time, 0, 0, 0);
  }
  world_patience_spend(step);
  return true;
}

/* ---- whose descriptors ---- */

static bool status_of(int fd, struct stat *status) {
  return world_raw6(SYS_fstat, fd, (long)status, 0, 0, 0, 0) == 0;
}

static long side_of(int fd) { return world_raw6(SYS_fcntl, fd, F_GETFL, 0, 0, 0, 0) & O_ACCMODE; }

/* A pipe whose other end is in no hand of this process. */
static bool is_childs(int fd) {
  struct stat own, other;
  if (!status_of(fd, &own) || !S_ISFIFO(own.st_mode)) return false;
  long side = side_of(fd);
  for (int i = 0; i < WORLD_DESCRIPTORS_MOST; i++)
    if (i != fd && status_of(i, &other) && other.st_ino == own.st_ino && other.st_dev == own.st_dev && side_of(i) != side) return false;
  return true;
}


/*
 * Where there is one thread, a pipe that this process could write to is its children's as well: it reads now. The last one that was
 * found to be theirs is remembered, as a read asks each time.
 */
bool world_is_childs(int fd, uint64_t pipe) {
  static struct { uint64_t pipe; uint32_t births; bool is_only_reader; } known;
  if (known.pipe == pipe && known.births == world.births && (known.is_only_reader || world_alone())) return true;
  if (world_is_sameseeds(fd)) return false;
  bool is_only_reader = is_childs(fd);
  if (!is_only_reader && !world_alone()) return false;
  known.pipe = pipe, known.births = world.births, known.is_only_reader = is_only_reader;
  return true;
}

unsigned world_childs_pipes(const struct pollfd *fds, unsigned count) {
  unsigned found = 0;
  for (unsigned i = 0; i < count; i++) found += (fds[i].events & (POLLIN | POLLOUT)) && is_childs(fds[i].fd);
  return found;
}

long world_piece_of_pipe(int fd) {
  long most = world_raw6(SYS_fcntl, fd, F_GETPIPE_SZ, 0, 0, 0, 0);
  return most > 0 ? most / 4 : 0;
}

long world_pipe_holds(int fd) {
  int held = 0;
  long error = world_raw6(SYS_ioctl, fd, FIONREAD, (long)&held, 0, 0, 0);
  return error < 0 ? error : held;
}

bool world_has_piece(int fd) {
  long piece = world_piece_of_pipe(fd);
  return piece > 0 && world_pipe_holds(fd) >= piece;
}

bool world_waits_outside(const struct world_wait *wait) {
  if (wait->attempt) return true;
  for (unsigned i = 0; i < wait->fd_count; i++)
    if (is_childs(wait->fds[i].fd)) return true;
  return world_waits_on_network(wait);
}

bool world_waits_on_network(const struct world_wait *wait) {
  for (unsigned i = 0; i < wait->fd_count; i++)
    if (network_is_outside(wait->fds[i].fd)) return true;
  return false;
}

/*
 * Nothing says what an epoll watches but that it refuses what it has. What it does not have is taken out again, and no
 * other thread runs meanwhile.
 */
static bool has_watch(int epoll, int fd) {
  struct epoll_event none = { 0 };
  long error = world_raw6(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, fd, (long)&none, 0, 0);
  if (error == 0) world_raw6(SYS_epoll_ctl, epoll, EPOLL_CTL_DEL, fd, (long)&none, 0, 0);
  return error == -EEXIST;
}

/* What has no type is an epoll, or an event's or a timer's descriptor. */
static bool may_be_epoll(int fd) {
  struct stat status;
  return status_of(fd, &status) && (status.st_mode & S_IFMT) == 0;
}

static bool has_network_watch(int epoll) {
  for (int fd = 0; fd < WORLD_DESCRIPTORS_MOST; fd++)
    if (network_is_outside(fd) && has_watch(epoll, fd)) return true;
  return false;
}

bool world_watches_network(const struct world_wait *wait) {
  if (world_waits_on_network(wait)) return true;
  for (unsigned i = 0; i < wait->fd_count && network_is_there(); i++)
    if (may_be_epoll(wait->fds[i].fd) && has_network_watch(wait->fds[i].fd)) return true;
  return false;
}

bool world_races(struct pollfd *fds, unsigned count) {
  struct world_wait wait = { .fds = fds, .fd_count = count };
  return !world_alone() && world_has_child() && world_waits_outside(&wait);
}
