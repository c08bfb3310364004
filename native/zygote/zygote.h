/*
 * What the parts of the zygote share: wire formats, limits, and the few calls between them.
 *
 * Every message is `u32 length | u8 type | u8 channel | u16 zero` and `length` bytes, little-endian, and every
 * struct below is sent as it lies in memory. The same layouts are written in src/sandbox/zygote/wire.ts.
 *
 * An image keeps the code it was built with. PROTOCOL numbers what host and image must agree on: these layouts, the head of
 * a job (python/sameseed/child.py), the functions that a harness calls, and the marks by which a filter knows a call of the
 * world (src/sandbox/seccomp). A change to one of them takes the next number, here and in wire.ts. struct config and struct
 * ready do not change: they are read before the number is known.
 */
#ifndef SAMESEED_ZYGOTE_H
#define SAMESEED_ZYGOTE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

enum { PROTOCOL = 4 };

enum {
  FD_CONTROL = 3,               /* the zygote's own stream */
  FD_FIRST_SLOT = 4,            /* slot i's stream is FD_FIRST_SLOT + i */
  FD_PARK = 512,                /* a child parks its descriptors above this before it puts them in place */
  FD_TREE = 1000,               /* where a tree's slots and trunks get streams for copies; above every limit */
  COPY_PID = 32000,             /* copy n has this process id less n in its trunk's namespace: out of the way of those ... */
  CHILD_PID = 22000,            /* ... that programs are given; its child has this less n */
  COPY_NUMBERS = 10000,
  INSIDE_ID = 1000,             /* what a sandbox's user is called inside */
  COPY_USER = 1 << 30,          /* the copy with stream i runs as this and i in its trunk's user namespace (src/sandbox/seccomp/trunk.ts) */
  MAX_SLOTS = 96,
  MAX_LINKS = 8,
  MAX_FILTER = 4096 * 8,        /* BPF_MAXINSNS instructions */
  JOB_BYTES_MAX = 64 << 20,
  CHUNK = 64 << 10,
};

/* Message types; the comment names the direction. */
enum {
  MSG_CONFIG = 'C',             /* host -> zygote: struct config, filter A, filter B */
  MSG_NEW_SLOT = 'N',           /* host -> zygote: u32 index; zygote -> host: struct slot_made */
  MSG_READY = 'R',              /* zygote -> host: struct ready, report */
  MSG_SLOT_DIED = 'D',          /* zygote -> host: struct slot_died */
  MSG_START = 'S',              /* host -> slot: struct start, job */
  MSG_INPUT = 'I',              /* host -> slot: bytes for the child's stream; channel INPUT_ANSWER: what it waited for */
  MSG_INPUT_END = 'F',          /* host -> slot: no more input */
  MSG_KILL = 'K',               /* host -> slot */
  MSG_BORN = 'B',               /* slot -> host: the wall stands, nothing of the job has run */
  MSG_OUTPUT = 'O',             /* slot -> host: bytes; channel 1 stdout, 2 stderr, 3 stream */
  MSG_EXIT = 'X',               /* slot -> host: struct exit_report; everything of the sandbox is dead; born_us 0: never born */
  MSG_LEND = 'L',               /* host -> zygote: u32 index; that slot's stream is for a copy */
  MSG_RETURNED = 'Q',           /* zygote -> host: u32 index; nobody holds it any more */
  MSG_COPY = 'Y',               /* host -> trunk (5-byte head) or copy: struct copy_order; to be copied */
  MSG_COPIED = 'Z',             /* copy -> host: u32 index; it waits */
  MSG_LEAVE = 'G',              /* host -> copy that serves nobody */
  MSG_ERROR = 'E',              /* any -> host: text; a sandbox or slot that could not be made */
};

enum { CAUSE_OWN = 0, CAUSE_KILLED = 1, CAUSE_WALL = 2, CAUSE_CPU = 3 };
enum { LINK_MAKE = 1, LINK_TAKE = 2 };
/* START_ANNOUNCE: tell of the birth at once; otherwise the first output or the exit tells. */
/* CONFIG_OWN_IDS: the zygote's user namespace has an id for each slot, index + 1. */
/* START_ASKS: the child asks its host and waits; how long the host takes is none of its wall time. */
/* CONFIG_TREE: the zygote of one tree (trunk.c). START_TRUNK: keeps the rights that copying needs. START_COPY: goes on. */
/* START_LOOPBACK: a network namespace of its own, with the loopback device; its filter lies before its job (wall.c). */
/* CONFIG_DIRECT: behind the slots' streams there is one that takes descriptors. START_DIRECT: its stream is the host's (streams.c). */
enum { CONFIG_ALLOW_BARE = 1, CONFIG_OWN_IDS = 2, CONFIG_TREE = 4, CONFIG_DIRECT = 8 };
enum { START_BARE = 1, START_ANNOUNCE = 2, START_ASKS = 4, START_TRUNK = 8, START_COPY = 16, START_DIRECT = 32, START_LOOPBACK = 64 };
enum { INPUT_ANSWER = 1 };

struct header { uint32_t length; uint8_t type, channel; uint16_t zero; };
struct config { uint32_t slots, flags, filter_slot_bytes, filter_child_bytes; };
struct copy_order { uint32_t index, number; }; /* onto which stream; n */
struct ready { uint64_t address_space_bytes; uint32_t addresses_fixed, threads; };
struct slot_made { uint32_t index, pid; };
struct slot_died { uint32_t index; int32_t status; }; /* as waitpid gives it, or -errno where it was never born */
struct link { uint32_t kind, peer; uint64_t token; };
struct start {
  uint64_t address_space_bytes, file_bytes, tmp_bytes, shm_bytes;
  uint64_t wall_us, cpu_us;
  uint32_t cpu_s, processes, open_files, links, flags;
  uint32_t filter_bytes;        /* of a filter of its own, before its job: a trunk's, or one for a network */
  uint32_t run, zero;           /* by which its host knows a direct stream */
  struct link link[MAX_LINKS];
};
struct exit_report { uint32_t cause; int32_t status; uint64_t user_us, system_us, max_rss_bytes, wall_us, born_us; };

/* One seccomp program as it came from the host. */
struct filter { uint32_t bytes; uint8_t *code; };

/* What a slot knows: filled by the zygote before it forks the slot. */
struct slot {
  uint32_t index, slots, config_flags; /* index: of its stream */
  int stream;                   /* to the host */
  int inbox;                    /* where sibling slots send link ends */
  const int *peer_inbox;        /* the sending ends, by slot */
  struct filter filter_slot, filter_child;
  uint8_t *job;                 /* JOB_BYTES_MAX, mapped before any fork so that it lies at one address */
  PyObject *entry;              /* called in the child with the job's bytes */
  int is_trunk, is_frozen;      /* trunk.c: may be copied; is a copy that waits in C */
  long user, group;             /* of a trunk: its ids in its user namespace */
  uint32_t number;              /* of a copy: n */
  int proc;                     /* of a copy: the outer wall's /proc, which a trunk's root does not have */
};

/* What the child is born with. */
struct birth { const struct start *start; int out, err, stream, direct, counted; int ids[2]; int link[MAX_LINKS]; };

/* io.c: whole reads and writes; -1 with errno, and errno 0 at the end of the stream. */
int read_whole(int fd, void *to, size_t length);
int write_whole(int fd, const void *from, size_t length);
int send_message(int fd, uint8_t type, uint8_t channel, const void *body, size_t length);
int send_error(int fd, const char *what);
uint64_t monotonic_us(void);

/* streams.c: the streams of a child, and the slot's ends of them; -1 with errno. */
enum { STDOUT = 0, STDERR = 1, STREAM = 2, OUTPUTS = 3 };
int streams_open(const struct slot *slot, struct birth *birth, int output[OUTPUTS]);

/* links.c: a socketpair between two sandboxes, made by one slot and taken by another. */
int link_make(int inbox, uint64_t token);
int link_take(int inbox, uint64_t token);
int links_open(struct slot *slot, struct birth *birth);

/* world_bridge.c: Python's methods, and what finds the sealed world where there is one. */
void world_bridge_find(void);
PyObject *world_begin(PyObject *module, PyObject *settings);
PyObject *world_go_on(PyObject *module, PyObject *settings);
PyObject *world_rekey(PyObject *module, PyObject *key);
PyObject *world_look(PyObject *module, PyObject *nothing);
PyObject *world_return(PyObject *module, PyObject *nothing);
PyObject *world_step(PyObject *module, PyObject *k);
PyObject *world_name(PyObject *module, PyObject *nothing);
int world_is_sealed(void);
int world_places_large(void); /* whether large memory has places that are no kernel's choice */
int world_places(size_t *kernels, uintptr_t *linker_end); /* 0 where there is no sealed world, or it does not know */
void world_mapped(uint64_t bytes); /* what the zygote has mapped is told to the world */
void world_moved(uint64_t device, uint64_t inode, uint64_t to_device, uint64_t to_inode);

/* zygote.c: ends the zygote, which says what it could not do. */
__attribute__((noreturn)) void give_up(const char *what);

/* layout.c: of Python, the exec that fixes addresses; whether it did; whether files of the image lie as they do everywhere. */
PyObject *pin(PyObject *module, PyObject *arguments);
int addresses_are_fixed(void);
PyObject *layout_is_even(PyObject *module, PyObject *path);
void mappings_named(const char *name, void (*visit)(uintptr_t from, uintptr_t to)); /* of this process, where /proc is */

/* arenas.c: install before anything is imported, settle before anything is forked. */
void arenas_install(void);
void arenas_settle(void);

/* clock.c: of Python, for the process that runs a policy, and for one that runs source text as its actions. */
PyObject *move_clock(PyObject *module, PyObject *microseconds);
PyObject *action_clock(PyObject *module, PyObject *microseconds);

/* patience.c: of Python, for the referee. */
PyObject *patience_set(PyObject *module, PyObject *arguments);
PyObject *link_read(PyObject *module, PyObject *arguments);
PyObject *link_write(PyObject *module, PyObject *arguments);

/* limits.c: the two clocks of a run, and what of its wall time is not the child's. */
struct limits {
  uint64_t began_us, wall_us, cpu_us, spoke_us, spoke_cpu_us, lent_us;
  int asks, waits, is_direct;
  int spoke, answered;          /* since the last look: the child's stream said something, the host answered it */
};
uint32_t limits_look(struct limits *limits, pid_t pid, int *wait_ms);

/*
 * identity.c: the id a slot or a copy runs as, in the user namespace that it is in, and taking it. And the ids of a trunk's
 * namespace: offered before it is forked, given by its parent, taken by it.
 */
uint32_t slot_user(const struct slot *slot);
int slot_take_user(const struct slot *slot);
int copy_take_user(const struct slot *slot);
int ids_offer(const struct slot *slot, struct birth *birth);
void ids_give(const struct slot *slot, const struct birth *birth);
const char *ids_take(const struct slot *slot, const struct birth *birth, int proc);

/* burial.c: what is left of the copies of this trunk that have ended. */
void bury_copies(void);

/* slot.c */
void slot_run(struct slot *slot) __attribute__((noreturn));
int slot_serve(struct slot *slot);

/* trunk.c: of Python, for the referee; and what a slot that is a copy does. */
PyObject *await_message(PyObject *module, PyObject *arguments);
void trunk_know(struct slot *slot);
void trunk_begin(struct slot *slot, const struct start *start);
int trunk_obey(struct slot *slot, uint32_t length);

/*
 * loopback.c: in the slot, what its sandbox's calls of `listen` come over, first what hands that over; a descriptor to be
 * polled, or -1, and what to do when it says something. In the child, its network.
 */
struct listening { int handed, calls, are_long; };
int loopback_open(struct listening *listening, struct birth *birth);
int loopback_descriptor(const struct listening *listening);
void loopback_look(struct listening *listening, pid_t pid, short events);
void loopback_close(struct listening *listening);
void loopback_raise(const struct birth *birth);

/* wall.c: in the child; does not return where a step fails. */
extern uint64_t libc_number; /* where libc keeps the calling thread's number: a birth without libc's fork puts the new one there */
void wall_prepare(void); /* in the zygote: what of the host the wall has to know; ends it where a limit cannot be had */
void wall_build(const struct slot *slot, const struct birth *birth);
int wall_filter(const struct filter *filter);
void wall_fail(int err, const char *step) __attribute__((noreturn));
void wall_mount_own(int err, const struct start *start);
void wall_enter(const struct slot *slot, const struct birth *birth);
int wall_place_streams(const struct birth *birth, int park);
void wall_limits(const struct start *start);
void wall_drop_rights(void);

/* copy_wall.c: the same for a trunk, and for a copy that goes on. */
void trunk_wall_build(struct slot *slot, const struct birth *birth);
void copy_wall_build(struct slot *slot, const struct birth *birth);

/* open_files.c, own_files.c: what a copy has of its own in place of the files it shares with what it was copied from. */
const char *open_files_find(int proc, const int *ours, int count);
const char *open_files_take_own(void);
int open_files_close_others(unsigned from, int spare);
const char *own_files_make(const struct start *start, int err);

#endif
