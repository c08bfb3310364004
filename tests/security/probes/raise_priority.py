"""Asks for a real-time priority, before which nothing else would run."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
result = libc.sched_setscheduler(0, 1, ctypes.byref(ctypes.c_int(1)))
answer(result == 0, "has it" if result == 0 else errno.errorcode[ctypes.get_errno()])
