"""Counts the descriptors it was given."""

import os

found = []
for fd in range(4096):
    try:
        os.fstat(fd)
        found.append(fd)
    except OSError:
        pass
answer(found != [0, 1, 2, 3], found)
