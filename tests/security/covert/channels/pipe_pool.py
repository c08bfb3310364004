"""One user has only so many pages of pipes; what is made beyond that is small. Large pipes need few descriptors."""

import fcntl
import os

SET_SIZE, GET_SIZE, LARGE = 1031, 1032, 1 << 20


class Writer:
    held: list = []

    def set(self, bit):
        for fd in self.held:
            os.close(fd)
        self.held = []
        for _ in range(80 if bit else 0):
            ends = os.pipe()
            self.held += ends
            try:
                fcntl.fcntl(ends[1], SET_SIZE, LARGE)
            except OSError:
                pass


class Reader:
    def get(self):
        ends = os.pipe()
        size = fcntl.fcntl(ends[1], GET_SIZE)
        for end in ends:
            os.close(end)
        return size < 65536
