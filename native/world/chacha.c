/* ChaCha20 as its author defined it: a 64-bit block number and a 64-bit nonce. Little-endian machines only. */
#include "chacha.h"
#include <string.h>

static inline uint32_t turn(uint32_t value, int bits) { return value << bits | value >> (32 - bits); }

static inline void quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d) {
  *a += *b, *d = turn(*d ^ *a, 16);
  *c += *d, *b = turn(*b ^ *c, 12);
  *a += *b, *d = turn(*d ^ *a, 8);
  *c += *d, *b = turn(*b ^ *c, 7);
}

void chacha_block(uint8_t to[64], const uint32_t key[8], uint64_t block, uint64_t nonce) {
  uint32_t first[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 }; /* "expand 32-byte k" */
  uint32_t x[16];
  memcpy(first + 4, key, 32);
  memcpy(first + 12, &block, 8);
  memcpy(first + 14, &nonce, 8);
  memcpy(x, first, sizeof x);
  for (int round = 0; round < 20; round += 2) {
    for (int i = 0; i < 4; i++) quarter(&x[i], &x[4 + i], &x[8 + i], &x[12 + i]);
    for (int i = 0; i < 4; i++) quarter(&x[i], &x[4 + (i + 1) % 4], &x[8 + (i + 2) % 4], &x[12 + (i + 3) % 4]);
  }
  for (int i = 0; i < 16; i++) x[i] += first[i];
  memcpy(to, x, sizeof x);
}
