# runs-as: script
# limits: memoryMb=64
# expects: hoarded bytes: 0..16777216
# why: what lies in pipes is kernel memory; 256 descriptors must not hold 128 MB of it
import fcntl
import os

from kit import say

F_SETPIPE_SZ = 1031
hoarded = 0
for _ in range(120):
    try:
        _, end = os.pipe()
    except OSError:
        break
    try:
        fcntl.fcntl(end, F_SETPIPE_SZ, 1 << 20)
    except OSError:
        pass
    os.set_blocking(end, False)
    try:
        while True:
            hoarded += os.write(end, bytes(1 << 16))
    except OSError:
        pass
say("hoarded bytes", hoarded)
