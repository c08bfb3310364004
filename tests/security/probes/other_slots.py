"""Counts the streams it holds; its own and its slot's are fewer than eight."""

import os
import stat

found = 0
for fd in range(4096):
    try:
        found += stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError:
        pass
answer(found > PARAMS["most"], f"{found} streams")
