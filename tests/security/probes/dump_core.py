"""Crashes after asking for a core file of a GiB, past the C library, for which a sealed world would answer."""

import ctypes
import os
import platform
import resource

number = {"x86_64": 302, "aarch64": 261}[platform.machine()]
limits = (ctypes.c_uint64 * 2)(1 << 30, 1 << 30)
ctypes.CDLL(None).syscall(number, 0, resource.RLIMIT_CORE, limits, None)  # the wall lets nobody set limits
child = os.fork()
if child == 0:
    os.abort()
status = os.waitpid(child, 0)[1]
answer(os.WCOREDUMP(status), f"status {status:#x}")
