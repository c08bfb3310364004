/*
 * Entropy that follows from the seed.
 *
 * A process has one ChaCha20 stream; who asks for bytes, through whatever door, gets the next ones. Keys of other streams
 * come from the same key under another nonce: block n of nonce `label` is the key of the n-th child, so a child's stream
 * says nothing of its parent's and does not depend on how much of it was used.
 *
 * The device files become a regular file of seeded bytes without a name: whatever reads it, libc's own streams included,
 * finds them, and one that reads more than it holds finds its end, never zeros. Rdrand is the processor's and cannot be
 * caught; libstdc++'s std::random_device, which would use it, is replaced, where libstdc++ is a shared library.
 */
#define _GNU_SOURCE
#include "world.h"
#include "chacha.h"
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { ENTROPY_MOST = 256, DEVICE_BYTES = 1 << 20, CHUNK_BYTES = 4096, NONCE_SALT = 's' };

static void take(uint8_t *to, size_t length) {
  struct world_stream *stream = &world.entropy;
  while (length > 0) {
    if (stream->used == sizeof stream->bytes) {
      chacha_block(stream->bytes, stream->key, stream->block++, 0);
      stream->used = 0;
    }
    size_t part = sizeof stream->bytes - stream->used;
    if (part > length) part = length;
    memcpy(to, stream->bytes + stream->used, part);
    /* What was given out is not kept, so that nobody finds it in a copy of this memory. */
    memset(stream->bytes + stream->used, 0, part);
    stream->used += part;
    to += part;
    length -= part;
  }
}

void world_fill_uncounted(void *to, size_t length) { take(to, length); }

void world_fill(void *to, size_t length) {
  world_count(LEDGER_ENTROPY, length);
  take(to, length);
}

void world_derive(uint8_t to[WORLD_KEY_BYTES], uint8_t label, uint64_t number) {
  uint8_t block[64];
  chacha_block(block, world.entropy.key, number, label);
  memcpy(to, block, WORLD_KEY_BYTES);
}

void world_rekey(const uint8_t key[WORLD_KEY_BYTES], uint64_t salt) {
  world.entropy = (struct world_stream){ .used = sizeof world.entropy.bytes };
  memcpy(world.entropy.key, key, WORLD_KEY_BYTES);
  if (salt == 0) return;
  uint8_t salted[WORLD_KEY_BYTES];
  world_derive(salted, NONCE_SALT, salt);
  memcpy(world.entropy.key, salted, WORLD_KEY_BYTES);
}

/* ---- libc's doors ---- */

WORLD_EXPORT ssize_t getrandom(void *to, size_t length, unsigned flags) {
  (void)flags;
  world_fill(to, length);
  return (ssize_t)length;
}

WORLD_EXPORT int getentropy(void *to, size_t length) {
  if (length > ENTROPY_MOST) return (int)world_result(-EIO);
  world_fill(to, length);
  return 0;
}

WORLD_EXPORT void arc4random_buf(void *to, size_t length) { world_fill(to, length); }

WORLD_EXPORT uint32_t arc4random(void) {
  uint32_t value;
  world_fill(&value, sizeof value);
  return value;
}

WORLD_EXPORT uint32_t arc4random_uniform(uint32_t bound) {
  if (bound < 2) return 0;
  uint32_t least = -bound % bound; /* below it, the values do not divide evenly */
  for (;;) {
    uint32_t value = arc4random();
    if (value >= least) return value % bound;
  }
}

/* ---- libstdc++'s std::random_device, both ABIs ---- */

#define CXX(name) __asm__(name) WORLD_EXPORT

void random_device_init(void *self, const void *token) CXX("_ZNSt13random_device7_M_initERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE");
void random_device_init_old(void *self, const void *token) CXX("_ZNSt13random_device7_M_initERKSs");
void random_device_init_tr1(void *self, const void *token) CXX("_ZNSt13random_device14_M_init_pretr1ERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE");
void random_device_init_tr1_old(void *self, const void *token) CXX("_ZNSt13random_device14_M_init_pretr1ERKSs");
void random_device_end(void *self) CXX("_ZNSt13random_device7_M_finiEv");
uint32_t random_device_value(void *self) CXX("_ZNSt13random_device9_M_getvalEv");
uint32_t random_device_value_tr1(void *self) CXX("_ZNSt13random_device16_M_getval_pretr1Ev");
double random_device_entropy(const void *self) CXX("_ZNKSt13random_device13_M_getentropyEv");

void random_device_init(void *self, const void *token) { (void)self, (void)token; }
void random_device_init_old(void *self, const void *token) { (void)self, (void)token; }
void random_device_init_tr1(void *self, const void *token) { (void)self, (void)token; }
void random_device_init_tr1_old(void *self, const void *token) { (void)self, (void)token; }
void random_device_end(void *self) { (void)self; }
uint32_t random_device_value(void *self) { (void)self; return arc4random(); }
uint32_t random_device_value_tr1(void *self) { (void)self; return arc4random(); }
double random_device_entropy(const void *self) { (void)self; return 32.0; }

/* ---- device files ---- */

static int nameless_file(int flags) {
  static const char *const folders[] = { "/tmp", "/dev/shm", "/var/tmp", "." };
  long fd = -ENOENT;
  for (unsigned i = 0; i < sizeof folders / sizeof folders[0]; i++) {
    fd = world_raw6(SYS_openat, AT_FDCWD, (long)folders[i], O_TMPFILE | O_RDWR | (flags & O_CLOEXEC), 0600, 0, 0);
    if (fd >= 0) break;
  }
  return (int)fd;
}

static bool put_bytes(int fd, const uint8_t *from, size_t length) {
  while (length > 0) {
    long n = world_raw6(SYS_write, fd, (long)from, (long)length, 0, 0, 0);
    if (n == -EINTR) continue;
    if (n <= 0) return false;
    from += n, length -= (size_t)n;
  }
  return true;
}

/* A file that holds `length` bytes of the stream, or as many as fit. */
static int seeded_file(int flags, size_t length, bool as_uuid) {
  static const char hex[] = "0123456789abcdef";
  uint8_t chunk[CHUNK_BYTES];
  int fd = nameless_file(flags);
  if (fd < 0) return fd;
  for (size_t done = 0; done < length; done += sizeof chunk) {
    take(chunk, sizeof chunk);
    if (!put_bytes(fd, chunk, sizeof chunk)) break;
  }
  if (as_uuid) {
    uint8_t bytes[16];
    char text[37], *at = text;
    take(bytes, sizeof bytes);
    bytes[6] = (bytes[6] & 15) | 0x40, bytes[8] = (bytes[8] & 63) | 0x80;
    for (unsigned i = 0; i < sizeof bytes; i++) {
      if (i == 4 || i == 6 || i == 8 || i == 10) *at++ = '-';
      *at++ = hex[bytes[i] >> 4], *at++ = hex[bytes[i] & 15];
    }
    *at++ = '\n';
    put_bytes(fd, (uint8_t *)text, sizeof text);
  }
  world_raw6(SYS_lseek, fd, 0, SEEK_SET, 0, 0, 0);
  return fd;
}

int world_open_chance(int flags) {
  world_count(LEDGER_DEVICE, 1);
  /* What is written to the device stirs it, and is of no consequence here. */
  return seeded_file(flags, (flags & O_ACCMODE) == O_WRONLY ? 0 : DEVICE_BYTES, false);
}

static bool same(const char *a, const char *b) { return strcmp(a, b) == 0; }

int world_open_device(const char *path, int flags) {
  if (!path || path[0] != '/') return NOT_A_DEVICE;
  if (same(path, "/dev/urandom") || same(path, "/dev/random") || same(path, "/dev/srandom")) return world_open_chance(flags);
  if (!same(path, "/proc/sys/kernel/random/uuid") && !same(path, "/proc/sys/kernel/random/boot_id")) return NOT_A_DEVICE;
  world_count(LEDGER_DEVICE, 1);
  return seeded_file(flags, 0, true);
}
