# runs-as: script
# limits: diskMb=4 memoryMb=64
# expects: hoard: EFBIG|ENOSPC after 50..64
# control: hoard
# why: what a sandbox is given for a memory file is a file in /tmp, and counts with it, in however many files
import ctypes
import os

from kit import libc, until_refused


def hoard():
    fd = libc.memfd_create(b"hoard", 0)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "memfd_create")
    # A write that finds some room takes a part; the next finds none.
    if os.write(fd, bytes(65536)) < 65536:
        os.write(fd, bytes(65536))


until_refused("hoard", hoard, 200)
