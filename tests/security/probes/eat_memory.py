"""Holds 240 MiB where it may hold 64, in one process or in four."""

import mmap
import os

share = (240 << 20) // PARAMS["processes"]
try:
    for _ in range(PARAMS["processes"] - 1):
        if os.fork() == 0:
            held = mmap.mmap(-1, share, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            for at in range(0, share, 4096):
                held[at] = 1
            os.write(1, b"held\n")
            wait_really(60)
    held = mmap.mmap(-1, share, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for at in range(0, share, 4096):
        held[at] = 1
    wait_really(0.5)
    answer(True, "held it all")
except (OSError, MemoryError) as error:
    answer(False, type(error).__name__)
