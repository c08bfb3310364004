#ifndef SAMESEED_WORLD_CHACHA_H
#define SAMESEED_WORLD_CHACHA_H

#include <stdint.h>

/* One block of ChaCha20 (RFC 8439's rounds) with a 64-bit block number and a 64-bit nonce. */
void chacha_block(uint8_t to[64], const uint32_t key[8], uint64_t block, uint64_t nonce);

#endif
