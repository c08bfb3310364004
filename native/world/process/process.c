/*
 * New processes and new programs.
 *
 * A fork copies the world with the memory; the child takes a key of its own, from its parent's and its number. An exec
 * loses the memory: its wrappers put SAMESEED_WORLD, LD_PRELOAD and GLIBC_TUNABLES into the environment the new program gets, whatever
 * environment the caller chose, and refuse a program this library could not live in (elf.c). A child made and replaced in
 * one call (posix_spawn, system, popen) gets a child's key in that variable.
 *
 * vfork is a fork here: its child would run in these frames, which are gone when the wrapper returns.
 */
#define _GNU_SOURCE
#include "process.h"
#include "rest.h"
#include "locks/locks.h"
#include "world/threads/schedule.h"
#include "world/time/cycles.h"
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- counting what was refused, also by children that are gone ---- */

/*
 * Memory that forked processes share is a way from one to the next, so a process gives each child a page that no other child
 * of its has, and that is wiped before it is given again. Only fork's own copy gets it, and hands it to what descends from
 * it; whatever else copies this process, as a slot does for a sandbox, gets nothing. Pages are reused in turn: a process has
 * far fewer children at one time.
 */
enum { PAGES = 64, PAGE = 4096 };

static uint64_t *mine;          /* the page this process was given; what it refuses is counted there */
static char *given;             /* the pages it gives its children */
static uint64_t gone;           /* counted in pages that were given again, or without any page */
static uint64_t told;
static uint64_t *original;      /* zero in every copy: then `given` is not this process's */

static char *map(size_t bytes, int flags) {
  long at = world_map(bytes, flags);
  return at > 0 || at < -4095 ? (char *)at : NULL;
}

static bool advise(void *at, size_t bytes, int advice) {
  return world_raw6(SYS_madvise, (long)at, (long)bytes, advice, 0, 0, 0) == 0;
}

/* A copy that fork did not make knows nothing of what it was copied from. */
static void know_itself(void) {
  if (!original || *original) return;
  given = NULL;
  gone = told = 0;
  *original = 1;
}

static void prepare_pages(void) {
  know_itself();
  if (given || mine) return;
  if (!original && (original = (uint64_t *)map(PAGE, MAP_PRIVATE)) && !advise(original, PAGE, MADV_WIPEONFORK))
    original = NULL;
  if (!original) return;
  *original = 1;
  given = map(PAGES * PAGE, MAP_SHARED);
  if (given && !advise(given, PAGES * PAGE, MADV_DONTFORK)) given = NULL;
}

/* The page of the next child, which fork's copy gets; NULL where this process's own serves, or where there is none. */
static uint64_t *give_page(uint32_t birth) {
  prepare_pages();
  if (!given) return NULL;
  uint64_t *page = (uint64_t *)(given + birth % PAGES * PAGE);
  gone += __atomic_load_n(page, __ATOMIC_RELAXED);
  memset(page, 0, PAGE);
  return advise(page, PAGE, MADV_DOFORK) ? page : NULL;
}

void world_note_refusal(void) {
  know_itself();
  if (mine) __atomic_fetch_add(mine, 1, __ATOMIC_RELAXED);
  else gone++;
}

static uint64_t all_refusals(void) {
  know_itself();
  if (mine) return __atomic_load_n(mine, __ATOMIC_RELAXED);
  uint64_t all = gone;
  for (unsigned i = 0; given && i < PAGES; i++)
    all += __atomic_load_n((uint64_t *)(given + i * PAGE), __ATOMIC_RELAXED);
  return all;
}

uint64_t world_refused(void) {
  uint64_t all = all_refusals(), fresh = all - told;
  told = all;
  return fresh;
}

static void say(const char *path, const char *reason) {
  const char *parts[] = { "sameseed: ", path, " was not started: ", reason,
                          ", so it cannot be sealed. Use a dynamically linked build, or world \"host\".\n" };
  char text[PATH_MAX + 256];
  size_t length = 0;
  for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++)
    for (const char *at = parts[i]; *at && length < sizeof text; at++) text[length++] = *at;
  world_raw6(SYS_write, 2, (long)text, (long)length, 0, 0, 0);
}

bool world_refuses(const char *path) {
  const char *reason = path ? world_unsealable(path) : NULL;
  if (!reason) return false;
  world_note_refusal();
  say(path, reason);
  return true;
}

/* ---- fork ---- */

static uint32_t conceive(void) {
  world_count(LEDGER_PROCESS, 1);
  world_race_begin();
  rest_birth();
  return ++world.births;
}

void world_child_born(uint32_t birth) {
  uint8_t key[WORLD_KEY_BYTES];
  world_derive(key, 'f', birth);
  world_rekey(key, 0);
  world.births = 0;
  world.depth++;
  memset(world.ledger, 0, sizeof world.ledger);
  memset(world.beside, 0, sizeof world.beside);
  world.racing = RACE_NONE;
  world.raced = 0;
  world.hidden = 0;
  know_itself();
  told = all_refusals();
  world_forget_timers();
  world_schedule_forked();
  if (locks_used) locks_forked();
  rest_child();
}

WORLD_EXPORT pid_t fork(void) {
  uint32_t birth = conceive();
  uint64_t *page = give_page(birth);
  rest_expects();
  pid_t pid = REAL(fork)();
  if (pid == 0) {
    if (page) mine = page;
    world_child_born(birth);
    return pid;
  }
  rest_born(pid);
  if (page) advise(page, PAGE, MADV_DONTFORK);
  return pid;
}

WORLD_EXPORT pid_t vfork(void) { return fork(); }

uint32_t world_conceive(void) { return conceive(); }

/* ---- the environment of a new program ---- */

static bool is_ours(const char *entry) {
  return strncmp(entry, "LD_PRELOAD=", 11) == 0 || strncmp(entry, "SAMESEED_WORLD=", 15) == 0;
}

static bool are_tunables(const char *entry) { return strncmp(entry, "GLIBC_TUNABLES=", 15) == 0; }

size_t world_environment_slots(char *const *environment) {
  size_t count = 0;
  while (environment && environment[count]) count++;
  return count + 4;
}

void world_environment(struct carried *carried, char **to, char *const *from, uint32_t birth, const struct exec_moment *moment) {
  uint8_t key[WORLD_KEY_BYTES];
  world_derive(key, birth ? 'f' : 'x', birth ? birth : world.entropy.block);
  world_pass_on(carried->state, key, world.depth + (birth ? 1 : 0), moment);
  strcpy(carried->preload, world_preload);
  strcpy(carried->tunables, world_tunables);
  *to++ = carried->preload;
  *to++ = carried->state;
  if (world_tunables[0]) *to++ = carried->tunables;
  for (; from && *from; from++) {
    /* Libraries the caller wants too come after this one. */
    if (strncmp(*from, "LD_PRELOAD=", 11) == 0 && (*from)[11] && !strstr(*from, "libworld.so") &&
        strlen(carried->preload) + strlen(*from) < sizeof carried->preload) {
      strcat(carried->preload, ":");
      strcat(carried->preload, *from + 11);
    }
    /* Its own come after what every program is told, and hold. */
    if (world_tunables[0] && are_tunables(*from)) {
      size_t length = strlen(carried->tunables);
      if (length + strlen(*from) >= sizeof carried->tunables) continue;
      carried->tunables[length] = ':';
      strcpy(carried->tunables + length + 1, *from + 15);
      continue;
    }
    if (!is_ours(*from)) *to++ = (char *)*from;
  }
  *to = NULL;
}

/* The first executable file of that name, as the shell would find it; the name itself where it has a slash. */
const char *world_find_program(const char *name, char found[PATH_MAX]) {
  if (!name || strchr(name, '/')) return name;
  const char *path = getenv("PATH");
  if (!path) path = "/bin:/usr/bin";
  for (; *path; path += *path == ':') {
    size_t folder = strcspn(path, ":");
    if (folder + strlen(name) + 2 < PATH_MAX) {
      memcpy(found, path, folder);
      size_t at = folder;
      if (at > 0) found[at++] = '/';
      strcpy(found + at, name);
      if (world_raw6(SYS_faccessat, AT_FDCWD, (long)found, X_OK, 0, 0, 0) == 0) return found;
    }
    path += folder;
  }
  return NULL;
}

/* ---- starting a program and waiting for it, as one call of libc's ---- */

/* libc's child has the environment of this process and the signals that it blocks. */
WORLD_EXPORT FILE *popen(const char *command, const char *mode) {
  struct carried carried;
  struct exec_moment moment;
  char **before = environ;
  char *slots[world_environment_slots(before)];
  world_exec_begins(&moment);
  world_environment(&carried, slots, before, conceive(), &moment);
  environ = slots;
  FILE *stream = REAL(popen)(command, mode);
  if (environ == slots) environ = before;
  world_exec_over(&moment);
  return stream;
}

WORLD_EXPORT int pclose(FILE *stream) {
  int status = REAL(pclose)(stream);
  world_race_over();
  return status;
}
