"""Makes a call as a 32-bit program would, and one with x32's numbers, in children that may be killed for it."""

import ctypes
import mmap
import os


def i386():
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(bytes.fromhex("b814000000cd80c3"))
    ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()


def x32():
    ctypes.CDLL(None).syscall(0x40000000 + 39)


survived = []
for attempt in (i386, x32):
    child = os.fork()
    if child == 0:
        attempt()
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        survived.append(attempt.__name__)
answer(survived, survived)
