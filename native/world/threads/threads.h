/*
 * What the files of the schedule share: one entry for each thread, and the waits that the wrappers are made of.
 */
#ifndef SAMESEED_WORLD_THREADS_H
#define SAMESEED_WORLD_THREADS_H

#include "schedule.h"
#include <pthread.h>
#include <time.h>

enum { THREADS_MOST = 512 };
/* ASTRAY: runs beside the schedule (watch.c). */
enum thread_state { FREE, RUNNABLE, RUNNING, BLOCKED, FINISHED, ASTRAY };

struct thread {
  enum thread_state state;
  uint32_t baton;               /* futex word: 1 when this thread may run */
  uint32_t place;               /* watch.c: whether it is in a call to the schedule */
  unsigned inside;              /* how many such calls, one in the other */
  bool wants;                   /* astray, and wants to come back */
  int id;                       /* the kernel's */
  pthread_t handle;
  bool detached, cancelled;
  unsigned endings;             /* rounds of thread-specific destructors already had */
  uint64_t signals;             /* its mask outside the schedule */
  struct world_wait *wait;
  void *(*start)(void *);
  void *argument;
};

/* schedule.c. The caller holds the baton, except in thread_take. */
struct thread *thread_self(void);           /* NULL: a thread that glibc made for itself */
struct thread *thread_at(unsigned index);   /* NULL beyond the last */
struct thread *thread_new(void);            /* NULL: too many */
void thread_forget(struct thread *thread);
void thread_take(struct thread *me);        /* waits for the baton */
void thread_run(struct thread *me);         /* its turn has come */
void thread_leave(struct thread *me);       /* gives it away for good */
void thread_interrupt(struct thread *thread);
void thread_interrupt_first(void);
void thread_end_wait(struct thread *thread, enum world_outcome outcome);
void thread_range(unsigned *last, unsigned *count);     /* which ran last, how many entries there are */

/* watch.c: around each call to the schedule. Whether it had run beside it until now. */
bool thread_enter(struct thread *me);
void thread_exit(struct thread *me);
struct timespec watch_interval(void);
bool watch_takes_over(struct thread *holder);
bool watch_broken(void);                    /* some thread may be astray */
void watch_forget(void);

/* turns.c: the thread to run next: one whose wait is over, or the one that has to wait for the kernel. */
struct thread *thread_choose(struct thread *me);
void turns_settle(void);                    /* as if no turn had been taken yet */

/* outside.c: real nanoseconds for what children do. */
bool world_has_child(void);                 /* also one that has ended */
bool world_child_lives(void);
int64_t world_patience_left(void);
int64_t world_patience(bool several);       /* what there is for this wait; 0: the clock may jump */
void world_patience_spend(int64_t ns);
void world_patience_refill(void);
bool world_waits_outside(const struct world_wait *wait);
bool world_waits_on_network(const struct world_wait *wait); /* for another process, over a socket */
bool world_watches_network(const struct world_wait *wait);  /* the same, or by epoll */
bool world_is_childs(int fd, uint64_t pipe); /* a pipe, of this number, that no thread of this process writes to now */
bool world_is_sameseeds(int fd);            /* io.c */
unsigned world_childs_pipes(const struct pollfd *fds, unsigned count);  /* whose other end is in no hand of this process */
long world_piece_of_pipe(int fd);             /* a quarter of the bytes that it can hold; 0: no pipe */
long world_pipe_holds(int fd);                /* bytes; negative: it cannot be asked */
bool world_has_piece(int fd);                /* a pipe has so much; one whose writer waits for room has more */
bool world_yield_patiently(unsigned yields); /* whether it was real time that passed: no logical time has to */
void world_ask_patiently(bool (*answered)(void *), void *argument); /* until it says true, or some real time has gone */

/* work.c: real time as it counts beside other processes. */
void world_work_begin(int64_t most);        /* nothing has been waited yet, for this wait that lasts so long */
int64_t world_work_passed(int64_t ns, int64_t most); /* real nanoseconds were waited: what counts of them and those before */
bool world_others_work(void);               /* or may, where not enough has been seen of them yet */
extern bool world_wrote;                    /* this process did, since the last look */
void world_work_hoped_for(void);            /* something is a sign that they will */

/* Waits until woken for `address` or the deadline; 0, ETIMEDOUT or EINTR. */
int wait_for_address(struct world_wait *wait, const void *address, int64_t deadline);

/* A deadline given on a clock, in logical nanoseconds; -1: not a time. */
int64_t deadline_on(clockid_t clock, const struct timespec *time);

/* threads_mutex.c: a lock that waits here; what pthread_mutex_lock returns, or ETIMEDOUT. */
int mutex_lock_until(pthread_mutex_t *mutex, int64_t deadline);

#endif
