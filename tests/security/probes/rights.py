"""Lists what it may do: capabilities, the bounding set, securebits, no_new_privs, dumpable."""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
data = (ctypes.c_uint32 * 6)()
libc.capget(header, data)
seen = {
    "capabilities": any(data),
    "bounding": [n for n in range(64) if libc.prctl(23, n, 0, 0, 0) == 1],
    # Behind an intact wall it may not ask, either.
    "loose": libc.prctl(27, 0, 0, 0, 0) == 0,
    "no_new_privs": libc.prctl(39, 0, 0, 0, 0),
    "dumpable": libc.prctl(3, 0, 0, 0, 0),
}
answer(seen[PARAMS["part"]] != PARAMS["intact"], seen)
