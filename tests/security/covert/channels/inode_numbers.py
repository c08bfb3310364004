"""How many pipes the machine has made: their inode numbers count on, a thousand at a time for each processor."""

import os

MANY = 40
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])


def made():
    ends = os.pipe()
    number = os.fstat(ends[0]).st_ino
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
