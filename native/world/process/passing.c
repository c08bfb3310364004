/*
 * What an exec passes on to the new program: the state of the world, this library, and what libc is told of the processor, as
 * variables of its environment. There they are taken out again, before libc has looked, so that a program sees only what it was given.
 */
#define _GNU_SOURCE
#include "passing.h"
#include <link.h>
#include <string.h>

enum { PRELOAD_BYTES = 4096 };

char world_preload[PRELOAD_BYTES] = "LD_PRELOAD=";
char world_tunables[WORLD_TUNABLES_BYTES];

static const char state_name[] = "SAMESEED_WORLD=", tunables_name[] = "GLIBC_TUNABLES=";

static const char digits[] = "0123456789abcdef";

_Static_assert(WORLD_PASSED_BYTES == sizeof state_name + 2 * sizeof(struct passed) + 16 * WORLD_AUXV_MOST, "written in world.h too");

/*
 * A kernel gives each program a list about itself and the processor, newer ones a longer one; the stack begins below it. Blanks
 * behind the state make up for what this kernel's is shorter by.
 */
static unsigned auxv_entries = WORLD_AUXV_MOST;

static void count_auxv(char **environment) {
  while (*environment) environment++;
  const ElfW(auxv_t) *first = (const void *)(environment + 1), *last = first;
  while (last->a_type != AT_NULL) last++;
  if (last - first < WORLD_AUXV_MOST) auxv_entries = (unsigned)(last - first);
}

void world_pass_on(char to[WORLD_PASSED_BYTES], const uint8_t key[WORLD_KEY_BYTES], uint32_t depth, const struct exec_moment *moment) {
  struct passed passed = {
    .settings = world.settings, .now = world.now, .real_zero = world.real_zero, .mapped = world.mapped,
    .depth = depth, .begun = world.begun, .placed = world_places_large(), .tunables = (uint32_t)strlen(world_tunables), .moment = *moment,
  };
  memcpy(passed.settings.key, key, WORLD_KEY_BYTES);
  passed.settings.entropy_salt = 0;
  memcpy(to, state_name, sizeof state_name - 1);
  char *at = to + sizeof state_name - 1;
  const uint8_t *from = (const uint8_t *)&passed;
  for (size_t i = 0; i < sizeof passed; i++) {
    *at++ = digits[from[i] >> 4];
    *at++ = digits[from[i] & 15];
  }
  size_t blanks = sizeof(ElfW(auxv_t)) * (WORLD_AUXV_MOST - auxv_entries);
  memset(at, ' ', blanks);
  at[blanks] = 0;
}

static int digit(char character) {
  if (character >= '0' && character <= '9') return character - '0';
  if (character >= 'a' && character <= 'f') return character - 'a' + 10;
  return -1;
}

static bool read_passed(const char *text, struct passed *passed) {
  uint8_t *to = (uint8_t *)passed;
  for (size_t i = 0; i < sizeof *passed; i++) {
    int high = digit(text[2 * i]);
    int low = high < 0 ? -1 : digit(text[2 * i + 1]);
    if (low < 0) return false;
    to[i] = (uint8_t)(high << 4 | low);
  }
  text += 2 * sizeof *passed;
  while (*text == ' ') text++;
  return *text == 0 && passed->settings.version == WORLD_VERSION;
}

static bool begins_with(const char *text, const char *with) {
  while (*with)
    if (*text++ != *with++) return false;
  return true;
}

/*
 * What libc was told of the processor: a zygote's is the host's word, and of another program's the beginning is. Returns whether
 * something is left that is the program's own.
 */
static bool take_tunables(char *entry, size_t ours) {
  size_t length = strlen(entry);
  if (ours > length) return true;
  memcpy(world_tunables, entry, ours);
  world_tunables[ours] = 0;
  if (ours == length) return false;
  size_t name = sizeof tunables_name - 1;
  memmove(entry + name, entry + ours + 1, length - ours);
  return true;
}

/* Takes our variables out of the environment, where it lies: libc has not looked at it yet. Those of a new program come first. */
bool world_take_environment(char **environment, struct passed *passed) {
  bool found = false;
  count_auxv(environment);
  char **to = environment;
  for (char **from = environment; *from; from++) {
    if (begins_with(*from, state_name)) {
      found = read_passed(*from + sizeof state_name - 1, passed);
      continue;
    }
    if (begins_with(*from, "LD_PRELOAD=") && strlen(*from) < PRELOAD_BYTES) {
      memcpy(world_preload, *from, strlen(*from) + 1);
      continue;
    }
    size_t ours = found ? passed->tunables : strlen(*from);
    if (begins_with(*from, tunables_name) && ours > 0 && ours < sizeof world_tunables && !world_tunables[0] && !take_tunables(*from, ours))
      continue;
    *to++ = *from;
  }
  *to = NULL;
  return found;
}
