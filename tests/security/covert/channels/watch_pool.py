"""One user has only so many inotify instances."""

import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


class Writer:
    held: list = []

    def set(self, bit):
        for fd in self.held:
            os.close(fd)
        self.held = []
        while bit and (fd := libc.inotify_init1(0)) >= 0:
            self.held.append(fd)


class Reader:
    def get(self):
        fd = libc.inotify_init1(0)
        if fd >= 0:
            os.close(fd)
        return fd < 0 and ctypes.get_errno() == 24
