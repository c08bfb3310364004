"""Makes a child with a pidfd, whose inode number counts the machine's processes."""

import ctypes
import errno
import os

libc = ctypes.CDLL(None, use_errno=True)
pidfd = ctypes.c_int(-1)
flags = 0x1000 | 17
result = libc.syscall(ctypes.c_long(PARAMS["number"]), ctypes.c_long(flags), None, ctypes.byref(pidfd), None, None)
if result == 0:
    os._exit(0)
seen = os.fstat(pidfd.value).st_ino if result > 0 else errno.errorcode[ctypes.get_errno()]
answer(result > 0, seen)
