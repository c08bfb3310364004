"""Reads the flags of what is mounted for it."""

import os

missing = [
    f"{path} lacks {name}"
    for path in ("/tmp", "/dev/shm")
    for name, bit in (("nosuid", os.ST_NOSUID), ("nodev", os.ST_NODEV))
    if not os.statvfs(path).f_flag & bit
]
answer(missing, missing)
