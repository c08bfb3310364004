"""Flags of descriptor 0, where both have the same open file there."""

import fcntl
import os


class Writer:
    def set(self, bit):
        fcntl.fcntl(0, fcntl.F_SETFL, os.O_NONBLOCK if bit else 0)


class Reader:
    def get(self):
        return fcntl.fcntl(0, fcntl.F_GETFL) & os.O_NONBLOCK
