"""A futex on a page of a shared file: who waits there can be woken, and counted, by everybody who has the file."""

import ctypes
import mmap
import os
import signal

libc = ctypes.CDLL(None, use_errno=True)
FUTEX, WAIT, WAKE = PARAMS["numbers"]["futex"], 0, 1


class Timespec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


class Ends:
    def __init__(self):
        libc.mmap.restype = ctypes.c_void_p
        fd = os.open(PARAMS["file"], os.O_RDONLY)
        self.word = libc.mmap(None, ctypes.c_size_t(4096), mmap.PROT_READ, mmap.MAP_SHARED, fd, ctypes.c_long(0))
        self.value = ctypes.c_uint32.from_address(self.word).value

    def futex(self, operation, value, timeout=None):
        pointer = ctypes.byref(timeout) if timeout is not None else None
        return libc.syscall(
            ctypes.c_long(FUTEX), ctypes.c_void_p(self.word), operation, ctypes.c_uint32(value), pointer, None, 0
        )


class Writer(Ends):
    def __init__(self):
        super().__init__()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    def set(self, bit):
        if bit:
            # In a process of its own: a sealed world's threads take turns, and one that waits past its library keeps its.
            if os.fork() == 0:
                self.futex(WAIT, self.value, Timespec(0, 50_000_000))
                os._exit(0)
            wait_really(0.001)
        else:
            self.futex(WAKE, 1000)


class Reader(Ends):
    def get(self):
        return self.futex(WAKE, 1000) > 0
