"""Makes a POSIX message queue, in memory that no other limit counts."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
result = libc.syscall(ctypes.c_long(PARAMS["number"]), b"queue", ctypes.c_long(0o102), ctypes.c_long(0o600), None)
answer(result >= 0, "made" if result >= 0 else errno.errorcode[ctypes.get_errno()])
