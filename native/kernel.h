/*
 * System calls as instructions, past libc.
 *
 * In a sealed zygote libc's names are the world's: `clock_gettime` is the logical clock, `poll` skips its timeout, `read`
 * may give the turn to another thread. What supervises sandboxes lives in the same processes and must keep the machine's
 * clock and the machine's waits, so it calls the kernel itself. `supervise.h` gives these calls their usual names.
 */
#ifndef SAMESEED_KERNEL_H
#define SAMESEED_KERNEL_H

/*
 * A sealed sandbox's filter catches some calls that the world's library makes itself. It lets pass what has this as its
 * sixth argument, which none of these calls has (src/sandbox/seccomp/sealed.ts). It keeps nobody out.
 */
enum { KERNEL_OWN = 0x5ea1ed };

/* Returns what the kernel returns: -errno for an error. */
static inline long kernel_call(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
#else
#error "written for x86-64 and arm64"
#endif
}

#endif
