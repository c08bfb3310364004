"""Makes calls that a filter refuses, with arguments that mean nothing: what answers is the filter or the kernel."""

import ctypes
import errno

libc = ctypes.CDLL(None, use_errno=True)
reached = {}
for name, number, refusal, arguments in PARAMS["calls"]:
    padded = [ctypes.c_long(argument) for argument in arguments]
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *padded)
    error = ctypes.get_errno() if result == -1 else 0
    # A call that this kernel does not have is not reached.
    if error not in (refusal, errno.ENOSYS):
        reached[name] = errno.errorcode[error] if error else "passed"
answer(reached, reached)
