"""Locks memory, which can then not be taken back."""

import ctypes
import errno
import mmap

libc = ctypes.CDLL(None, use_errno=True)
page = mmap.mmap(-1, 1 << 16)
result = libc.mlock(ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(page))), ctypes.c_size_t(1 << 16))
answer(result == 0, "locked" if result == 0 else errno.errorcode[ctypes.get_errno()])
