"""A futex on a page of a shared file: who waits there can be woken, and counted, by everybody who has the file."""

import ctypes
import mmap
import os
import signal

libc = ctypes.CDLL(None, use_errno=True)
FUTEX, WAIT, WAKE = PARAMS["numbers"]["futex"], 0, 1


class Ends:
    def __init__(self):
        libc.mmap.restype = ctypes.c_void_p
        fd = os.open(PARAMS["file"], os.O_RDONLY)
        self.word = libc.mmap(None, ctypes.c_size_t(4096), mmap.PROT_READ, mmap.MAP_SHARED, fd, ctypes.c_long(0))
        self.value = ctypes.c_uint32.from_address(self.word).value

    def futex(self, operation, value, timeout=0):
        return call_kernel(FUTEX, self.word, operation, value, timeout)


class Writer(Ends):
    def __init__(self):
        super().__init__()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        self.patience = (ctypes.c_long * 2)(0, 50_000_000)

    def set(self, bit):
        if not bit:
            self.futex(WAKE, 1000)
            return
        # In a process of its own: a sealed world's threads take turns, and one that waits past its library keeps its.
        reader, writer = os.pipe()
        if os.fork() == 0:
            os.write(writer, b".")
            self.futex(WAIT, self.value, ctypes.addressof(self.patience))
            os._exit(0)
        os.read(reader, 1)
        os.close(reader)
        os.close(writer)
        wait_really(0.0005)


class Reader(Ends):
    def get(self):
        return self.futex(WAKE, 1000) > 0
