/*
 * The processor's counter of cycles; cycles.c says how it works.
 */
#ifndef SAMESEED_WORLD_CYCLES_H
#define SAMESEED_WORLD_CYCLES_H

#include <stdbool.h>
#include <stdint.h>

void world_seal_cycles(void);   /* as the settings of the world have it */

/* The moment of an exec. The new program's signals are blocked as `signals` has it where `holds` says so. */
struct exec_moment { uint64_t holds, signals; };
void world_exec_begins(struct exec_moment *moment);
void world_exec_over(const struct exec_moment *moment); /* where this process did not become the program */

#endif
