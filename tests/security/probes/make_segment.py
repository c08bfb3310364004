"""Makes a System V segment, keeps it for a moment, and removes it."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
segment = libc.syscall(ctypes.c_long(PARAMS["number"]), ctypes.c_long(1396788549), ctypes.c_long(4096), ctypes.c_long(0o1600))
print("made" if segment >= 0 else errno.errorcode[ctypes.get_errno()], flush=True)
if segment >= 0:
    wait_really(0.4)
    libc.shmctl(segment, 0, None)
