/* Two threads that wait for each other in ways nobody can see: they read a variable until it has changed. */
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

static atomic_int turn;

static void *answer(void *unused) {
  for (int i = 0; i < 5; i++) {
    while (atomic_load(&turn) != 2 * i + 1) continue;
    atomic_store(&turn, 2 * i + 2);
  }
  return unused;
}

int main(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, answer, NULL);
  for (int i = 0; i < 5; i++) {
    atomic_store(&turn, 2 * i + 1);
    while (atomic_load(&turn) != 2 * i + 2) continue;
  }
  pthread_join(thread, NULL);
  puts("answered");
  return 0;
}
