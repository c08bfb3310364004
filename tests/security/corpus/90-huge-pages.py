# runs-as: script
# machine: x86_64
# expects: two megabytes: EPERM
# expects: one gigabyte: EPERM
# expects: locked: EPERM
# expects: huge pages of a file: EPERM
# control: two megabytes, one gigabyte
# why: a machine's huge pages are one pool for all of it, and no memory limit of a sandbox counts them
import os

from kit import attempt
from raw import call_kernel

MMAP, MB = 9, 1 << 20
MAP_SHARED, MAP_PRIVATE_ANONYMOUS, MAP_LOCKED, MAP_HUGETLB = 1, 0x22, 0x2000, 0x40000


def map_memory(length, flags, fd=-1):
    at = call_kernel(MMAP, 0, length, 3, flags, fd, 0)
    if -4096 < at < 0:
        raise OSError(-at, os.strerror(-at))
    return "mapped"


attempt("two megabytes", lambda: map_memory(2 * MB, MAP_PRIVATE_ANONYMOUS | MAP_HUGETLB))
attempt("one gigabyte", lambda: map_memory(1 << 30, MAP_PRIVATE_ANONYMOUS | MAP_HUGETLB | 30 << 26))
attempt("locked", lambda: map_memory(MB, MAP_PRIVATE_ANONYMOUS | MAP_LOCKED))
own = os.open("/tmp/own", os.O_CREAT | os.O_RDWR)
attempt("huge pages of a file", lambda: map_memory(2 * MB, MAP_SHARED | MAP_HUGETLB, own))
