"""Whether a POSIX message queue with a known name is there."""

import ctypes
import os

try:
    libc = ctypes.CDLL("librt.so.1", use_errno=True)
except OSError:
    libc = ctypes.CDLL(None, use_errno=True)
NAME = b"/" + PARAMS["token"].encode()


class Writer:
    def set(self, bit):
        if bit:
            os.close(libc.mq_open(NAME, os.O_CREAT | os.O_RDWR, 0o666, None))
        else:
            libc.mq_unlink(NAME)


class Reader:
    def get(self):
        fd = libc.mq_open(NAME, os.O_RDONLY)
        if fd >= 0:
            os.close(fd)
        return fd >= 0
