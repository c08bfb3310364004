/*
 * How far below the top of the addresses mappings begin: as far as the stack may grow when a program is begun. What the kernel maps of
 * its own comes first, so that limit is as much smaller, and the linker ends at the same place below every kernel.
 */
#ifndef SAMESEED_WORLD_STACK_H
#define SAMESEED_WORLD_STACK_H

/* What every process has. */
#define STACK_BYTES (8ul << 20)
/* At the exec. More than the 128 MiB that the kernel leaves a stack at least. The kernel adds a gap. */
#define STACK_OF_EXEC (256ul << 20)
#define STACK_GAP (1ul << 20)
#define STACK_TOP 0x7ffffffff000ul
/* Where the linker ends when everything below it lies as on every host, but for what the kernel mapped between. Of x86-64. */
#define STACK_LINE (STACK_TOP - STACK_OF_EXEC - STACK_GAP)

#endif
