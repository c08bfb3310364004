# runs-as: script
# limits: memoryMb=64
# expects: shared: ENOMEM after 1..64
# control: shared
# why: shared anonymous memory lies in the kernel's tmpfs and is no part of a process's own heap
import mmap

from kit import until_refused

parts = []


def shared():
    part = mmap.mmap(-1, 1 << 20)
    for page in range(0, 1 << 20, 4096):
        part[page] = 1
    parts.append(part)


until_refused("shared", shared, 120)
