"""Mounts a file system of its own over the base."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
result = libc.mount(b"tmpfs", b"/opt", b"tmpfs", ctypes.c_ulong(0), None)
answer(result == 0, "mounted" if result == 0 else errno.errorcode[ctypes.get_errno()])
