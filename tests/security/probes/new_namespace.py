"""Makes a user namespace, in which it would be root again."""

import ctypes
import errno
import os
import struct

libc = ctypes.CDLL(None, use_errno=True)
NEWUSER = 0x10000000
made = []
if PARAMS["with"] == "clone":
    result = libc.syscall(ctypes.c_long(PARAMS["number"]), ctypes.c_long(NEWUSER | 17), None, None, None, None)
else:
    arguments = ctypes.create_string_buffer(struct.pack("<8Q", NEWUSER, 0, 0, 0, 17, 0, 0, 0))
    result = libc.syscall(ctypes.c_long(PARAMS["number"]), arguments, ctypes.c_long(64))
if result == 0:
    os._exit(0)
answer(result > 0, "made" if result > 0 else errno.errorcode[ctypes.get_errno()])
