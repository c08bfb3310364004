"""How many pipes the machine has made: their inode numbers count on, a thousand at a time for each processor."""

import ctypes
import os

MANY = 40
# By instructions of its own: a sealed world's library gives numbers of its own, and pretends to pin.
PIN, FSTAT = (203, 5) if os.uname().machine == "x86_64" else (122, 80)
first_processor, status = ctypes.c_ulong(1), (ctypes.c_ulong * 32)()
call_kernel(PIN, 0, 8, ctypes.addressof(first_processor))


def made():
    ends = os.pipe()
    call_kernel(FSTAT, ends[0], ctypes.addressof(status))
    number = status[1]
    for end in ends:
        os.close(end)
    return number


class Writer:
    def set(self, bit):
        for _ in range(MANY if bit else 0):
            made()


class Reader:
    def __init__(self):
        self.last = made()

    def get(self):
        now = made()
        delta, self.last = now - self.last, now
        return not 0 <= delta < MANY // 2
