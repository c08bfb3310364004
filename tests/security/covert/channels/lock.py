"""Locks on a file of the shared tree: flock, POSIX locks, open-file locks."""

import fcntl
import os
import struct

KIND = PARAMS["kind"]
GET, SET = {"posix": (5, 6), "ofd": (36, 37), "flock": (0, 0)}[KIND]


def record(kind):
    return struct.pack("hhqqi4x", kind, 0, 0, 0, 0)


class Writer:
    def __init__(self):
        self.fd = os.open(PARAMS["file"], os.O_RDONLY)

    def set(self, bit):
        if KIND == "flock":
            fcntl.flock(self.fd, fcntl.LOCK_EX if bit else fcntl.LOCK_UN)
        else:
            fcntl.fcntl(self.fd, SET, record(fcntl.F_RDLCK if bit else fcntl.F_UNLCK))


class Reader(Writer):
    def get(self):
        if KIND != "flock":
            return struct.unpack("hhqqi4x", fcntl.fcntl(self.fd, GET, record(fcntl.F_WRLCK)))[0] != fcntl.F_UNLCK
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        fcntl.flock(self.fd, fcntl.LOCK_UN)
        return False
