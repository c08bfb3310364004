/*
 * The processor's counter of cycles, and the signal it needs. cycles.c and faults.c say how they work.
 */
#ifndef SAMESEED_WORLD_CYCLES_H
#define SAMESEED_WORLD_CYCLES_H

#include <stdbool.h>
#include <ucontext.h>

void world_seal_cycles(void);   /* as the settings of the world have it */
void world_cycles_for_exec(bool begins); /* true before another program begins, false where it did not */
bool world_answer_cycles(ucontext_t *context); /* whether the instruction there was one of these */

void world_install_faults(void);

#endif
