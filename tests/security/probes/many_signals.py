"""Lets more signals wait than it may."""

import ctypes
import errno
import os
import resource
import signal

libc = ctypes.CDLL(None, use_errno=True)
try:
    resource.setrlimit(resource.RLIMIT_SIGPENDING, (resource.getrlimit(resource.RLIMIT_SIGPENDING)[1],) * 2)
except OSError:
    pass  # the wall lets nobody set limits
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGRTMIN])
for queued in range(1000):
    if libc.sigqueue(os.getpid(), int(signal.SIGRTMIN), None) != 0:
        answer(False, f"{queued} signals, then {errno.errorcode[ctypes.get_errno()]}")
        break
else:
    answer(True, "1000 signals")
