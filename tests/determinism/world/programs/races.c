/* Racing POSIX threads: locks of every kind, conditions, semaphores, barriers, once, cancellation, timed waits. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 6 };

static uint64_t trace = 14695981039346656037ull;
static unsigned noted;

static void note(unsigned what) {
  trace = (trace ^ what) * 1099511628211ull;
  noted++;
}

static void say(const char *name) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  printf("%s %u %016lx at %ld.%09ld\n", name, noted, (unsigned long)trace, (long)now.tv_sec, now.tv_nsec);
  noted = 0;
}

static void run(void *(*work)(void *)) {
  pthread_t threads[THREADS];
  for (intptr_t i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, work, (void *)i);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

static struct timespec in_ms(long ms) {
  struct timespec at;
  clock_gettime(CLOCK_REALTIME, &at);
  at.tv_nsec += ms * 1000000;
  at.tv_sec += at.tv_nsec / 1000000000;
  at.tv_nsec %= 1000000000;
  return at;
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER, recursive = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_spinlock_t spin;
static pthread_barrier_t barrier;
static sem_t sem;
static int turn;

static void *locks(void *who) {
  for (int i = 0; i < 30; i++) {
    pthread_mutex_lock(&mutex);
    note((unsigned)(intptr_t)who);
    if (i % 5 == 0) usleep(100);
    pthread_mutex_unlock(&mutex);
    struct timespec at = in_ms(1);
    int busy = pthread_mutex_timedlock(&recursive, &at);
    note((unsigned)busy);
    if (!busy) {
      pthread_mutex_lock(&recursive);
      usleep(700);
      pthread_mutex_unlock(&recursive);
      pthread_mutex_unlock(&recursive);
    }
  }
  return NULL;
}

static void *readers_and_writers(void *who) {
  for (int i = 0; i < 30; i++) {
    if ((intptr_t)who % 3 == 0) pthread_rwlock_wrlock(&rwlock);
    else pthread_rwlock_rdlock(&rwlock);
    note((unsigned)(intptr_t)who + 10);
    usleep(50);
    pthread_rwlock_unlock(&rwlock);
    pthread_spin_lock(&spin);
    note((unsigned)(intptr_t)who + 20);
    if (i % 10 == 0) usleep(10);
    pthread_spin_unlock(&spin);
  }
  return NULL;
}

static void *turns(void *who) {
  pthread_mutex_lock(&mutex);
  for (int i = 0; i < 20; i++) {
    while (turn % THREADS != (intptr_t)who) {
      struct timespec at = in_ms(3);
      note((unsigned)pthread_cond_timedwait(&cond, &mutex, &at));
    }
    turn++;
    note((unsigned)(intptr_t)who + 30);
    if (i % 4) pthread_cond_broadcast(&cond);
  }
  pthread_mutex_unlock(&mutex);
  return NULL;
}

static void first(void) {
  usleep(1000);
  note(1000);
}

static void *meetings(void *who) {
  pthread_once(&once, first);
  for (int i = 0; i < 20; i++) {
    note((unsigned)pthread_barrier_wait(&barrier));
    note((unsigned)(intptr_t)who + 40);
    struct timespec at = in_ms(2);
    if (sem_timedwait(&sem, &at) == 0) note(50);
    else note((unsigned)errno);
    if ((intptr_t)who % 2) sem_post(&sem);
    sched_yield();
  }
  return NULL;
}

static void *sleeper(void *unused) {
  for (;;) pause();
  return unused;
}

static void *locker(void *unused) {
  (void)unused;
  pthread_mutex_lock(&mutex);
  pthread_cleanup_push((void (*)(void *))pthread_mutex_unlock, &mutex);
  for (;;) pthread_cond_wait(&cond, &mutex);
  pthread_cleanup_pop(1);
  return NULL;
}

static void cancel(void *(*work)(void *)) {
  pthread_t thread;
  void *result = NULL;
  pthread_create(&thread, NULL, work, NULL);
  usleep(1000);
  pthread_cancel(thread);
  pthread_join(thread, &result);
  note(result == PTHREAD_CANCELED);
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  pthread_spin_init(&spin, 0);
  pthread_barrier_init(&barrier, NULL, THREADS);
  sem_init(&sem, 0, 1);
  run(locks);
  say("locks");
  run(readers_and_writers);
  say("readers_and_writers");
  run(turns);
  say("turns");
  run(meetings);
  say("meetings");
  cancel(locker);
  cancel(sleeper);
  say("cancelled");
  return 0;
}
