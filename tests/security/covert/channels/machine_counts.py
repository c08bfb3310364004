"""How many threads the machine runs, as sysinfo counts them."""

import ctypes
import threading

libc = ctypes.CDLL(None, use_errno=True)
MANY = 24


def threads_of_the_machine():
    about = (ctypes.c_uint64 * 16)()
    if libc.sysinfo(about) != 0:
        raise OSError(ctypes.get_errno(), "sysinfo")
    return about[10] & 0xFFFF


class Writer:
    def __init__(self):
        threading.stack_size(65536)
        self.end = threading.Event()
        self.held: list = []

    def set(self, bit):
        self.end.set()
        for thread in self.held:
            thread.join()
        self.end = threading.Event()
        self.held = [threading.Thread(target=self.end.wait, args=(60,), daemon=True) for _ in range(MANY if bit else 0)]
        for thread in self.held:
            thread.start()


class Reader:
    def __init__(self):
        self.base = threads_of_the_machine()

    def get(self):
        now = threads_of_the_machine()
        # What is not the writer's comes and goes slowly.
        high = now > self.base + MANY // 2
        self.base += 0 if high else (now - self.base) / 4
        return high
