"""Looks for the System V segment that a sibling makes at this moment."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
for _ in range(10):
    found = libc.syscall(ctypes.c_long(PARAMS["number"]), ctypes.c_long(1396788549), ctypes.c_long(0), ctypes.c_long(0))
    if found >= 0:
        break
    wait_really(0.03)
answer(found >= 0, "found" if found >= 0 else errno.errorcode[ctypes.get_errno()])
