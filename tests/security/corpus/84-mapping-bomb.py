# runs-as: script
# limits: memoryMb=64 cpuMs=4000 wallMs=8000
# expects[groups]: end: memory
# expects[rlimits]: bombs: 0..31
# control-limits: memoryMb=1024 cpuMs=8000 wallMs=16000
# why: a mapping that is cut into single pages takes more of the kernel's memory than of its own
import mmap
import os

from kit import X64, say, stay
from raw import call_kernel

MMAP, MPROTECT = (9, 10) if X64 else (222, 226)
BYTES, NORESERVE = 24 << 20, 0x4022
bombs = 0
while bombs < 31:
    reader, writer = os.pipe()
    try:
        child = os.fork()
    except OSError:
        break
    if child == 0:
        for _ in range(2):
            at = call_kernel(MMAP, 0, BYTES, 0, NORESERVE, -1, 0)
            for offset in range(0, BYTES, 2 * mmap.PAGESIZE):
                call_kernel(MPROTECT, at + offset, mmap.PAGESIZE, 1)
        os.write(writer, b"1")
        stay()
    os.close(writer)
    bombs += os.read(reader, 1) == b"1"
    os.close(reader)
say("bombs", bombs)
