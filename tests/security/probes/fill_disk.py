"""Fills a file system of its own with more than it may hold, in files that are each small enough."""

import errno
import os

size = 0
try:
    for n in range(64):
        with open(f"{PARAMS['folder']}/{n}", "wb", buffering=0) as file:
            size += file.write(bytes(1 << 20))
except OSError as error:
    answer(False, f"{size >> 20} MiB, then {errno.errorcode[error.errno]}")
else:
    answer(True, f"{size >> 20} MiB")
