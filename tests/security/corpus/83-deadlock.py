# runs-as: script
# limits: wallMs=900
# expects: in the ring: 25
# expects: end: wall
# why: processes that wait for each other in the kernel, with inherited priority, must be ended like any others
import ctypes
import mmap
import os

from kit import X64, say, stay
from raw import call_kernel, wait_really

FUTEX, LOCK_PI, RING = 202 if X64 else 98, 6, 25
page = mmap.mmap(-1, 4096)
locks = ctypes.addressof(ctypes.c_char.from_buffer(page))
for place in range(RING):
    if os.fork() == 0:
        call_kernel(FUTEX, locks + 4 * place, LOCK_PI)
        wait_really(0.1)
        call_kernel(FUTEX, locks + 4 * ((place + 1) % RING), LOCK_PI)
        stay()
say("in the ring", RING)
stay()
