"""Whether a page of a shared file is in memory: by asking the kernel in one of three ways, or by timing a read.

The file is cold; bit i lies in page 4 i, which the writer reads for a one. Reading one page in four leaves readahead out.
"""

import ctypes
import mmap
import os

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
STRIDE = 4 * 4096
KIND = PARAMS["kind"]


class Ends:
    at = 0

    def __init__(self):
        self.fd = os.open(PARAMS["file"], os.O_RDONLY)
        self.size = os.fstat(self.fd).st_size
        if KIND == "mincore":
            self.map = libc.mmap(None, ctypes.c_size_t(self.size), mmap.PROT_READ, mmap.MAP_SHARED, self.fd, ctypes.c_long(0))

    def next(self):
        self.at += STRIDE
        return self.at - STRIDE


class Writer(Ends):
    def set(self, bit):
        at = self.next()
        if bit:
            os.pread(self.fd, 1, at)


class Reader(Ends):
    def get(self):
        at = self.next()
        if KIND == "mincore":
            seen = (ctypes.c_ubyte * 1)()
            if libc.mincore(ctypes.c_void_p(self.map + at), ctypes.c_size_t(4096), seen) != 0:
                raise OSError(ctypes.get_errno(), "mincore")
            return seen[0] & 1
        if KIND == "cachestat":
            where, about = (ctypes.c_uint64 * 2)(at, 4096), (ctypes.c_uint64 * 5)()
            if libc.syscall(ctypes.c_long(PARAMS["numbers"]["cachestat"]), self.fd, where, about, 0) != 0:
                raise OSError(ctypes.get_errno(), "cachestat")
            return about[0]
        if KIND == "preadv2":
            try:
                return os.preadv(self.fd, [bytearray(1)], at, os.RWF_NOWAIT) == 1
            except BlockingIOError:
                return False
        began = ticks()
        os.pread(self.fd, 1, at)
        return ticks() - began < PARAMS["coldTicks"]
