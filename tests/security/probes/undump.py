"""Makes its memory readable for others of its user again."""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(4, 1, 0, 0, 0)
answer(libc.prctl(3, 0, 0, 0, 0) != 0, f"dumpable {libc.prctl(3, 0, 0, 0, 0)}")
