/* What a program finds of the world that it was begun in; passing.c says how. */
#ifndef SAMESEED_WORLD_PASSING_H
#define SAMESEED_WORLD_PASSING_H

#include "world/time/cycles.h"
#include "world/world.h"

struct passed {
  struct world_settings settings; /* with the new program's own key, and no salt: it is in the key */
  int64_t now, real_zero;
  uint64_t mapped;
  uint32_t depth, begun, placed, tunables /* how much of the new program's variable is the world's */;
  struct exec_moment moment;
};

/* Takes it out of the environment; false where there is nothing: this is a zygote. */
bool world_take_environment(char **environment, struct passed *passed);

#endif
