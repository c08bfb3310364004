"""A write lease is given only for a file that nobody else has open."""

import fcntl
import os


class Writer:
    fd = -1

    def set(self, bit):
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = os.open(PARAMS["file"], os.O_RDONLY) if bit else -1


class Reader:
    def __init__(self):
        self.fd = os.open(PARAMS["file"], os.O_RDONLY)

    def get(self):
        try:
            fcntl.fcntl(self.fd, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        except BlockingIOError:
            return True
        fcntl.fcntl(self.fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        return False
