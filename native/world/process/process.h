#ifndef SAMESEED_WORLD_PROCESS_H
#define SAMESEED_WORLD_PROCESS_H

#include "world/time/cycles.h"
#include "world/world.h"
#include <limits.h>
#include <sched.h>
#include <sys/types.h>

/* What a new program's environment points to besides the caller's own. */
struct carried { char state[WORLD_PASSED_BYTES], preload[8192], tunables[WORLD_TUNABLES_BYTES]; };

bool world_refuses(const char *path);   /* says why on stderr, and counts it */
void world_note_refusal(void);          /* of something else; counted the same */
uint32_t world_conceive(void);          /* the number of the child about to be made */
void world_child_born(uint32_t birth);  /* first in a forked child */
size_t world_environment_slots(char *const *environment);
/* `birth` 0: this process becomes the program; else a child made by the same call does. */
void world_environment(struct carried *carried, char **to, char *const *from, uint32_t birth, const struct exec_moment *moment);
const char *world_find_program(const char *name, char found[PATH_MAX]);

/* names.c: as the kernel answers. */
struct utsname;
struct sysinfo;
long world_do_uname(struct utsname *to);
long world_do_sysinfo(struct sysinfo *to);
long world_do_getaffinity(pid_t pid, size_t bytes, cpu_set_t *set);
long world_do_setaffinity(pid_t pid, size_t bytes, const cpu_set_t *set);
long world_about(pid_t pid);            /* 0 for a process that may be asked about, else the kernel's error */

/* processor.c: what sysconf says, where it is of the processor; and as the kernel answers. */
bool world_of_processor(int name, long *value);
long world_do_barriers(void);

/* threads/io.c: false for a wait that does not ask what the child used. */
bool world_do_wait(long number, const long arguments[6], long *result);

/* standing.c: as the kernel answers. */
struct rlimit;
struct sched_param;
long world_do_getpriority(int which, id_t who);
long world_do_scheduler(pid_t pid);
long world_do_scheduling(pid_t pid, struct sched_param *to);
long world_do_turn(pid_t pid, struct timespec *to);
long world_do_limits(pid_t pid, int resource, const struct rlimit *to, struct rlimit *from);

#endif
