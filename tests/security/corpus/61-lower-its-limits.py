# runs-as: script
# limits: cpuMs=2500
# expects: no core at all: EACCES
# expects: small files: EACCES
# expects: new limits above 4 GiB: EACCES
# expects: lower CPU time by prlimit: EACCES
# expects: lower CPU time: EACCES
# expects: end: cpu
# control: no core at all, small files, lower CPU time by prlimit, lower CPU time
# why: a first process that the kernel ends for a limit of its own making would pass for one that the host lost
import ctypes
import mmap
import resource

from kit import attempt, call, libc


def above_4_gib():
    """New limits, all zero, behind a pointer whose low half is zero."""
    libc.mmap.restype = ctypes.c_void_p
    fixed = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x100000
    where = libc.mmap(ctypes.c_void_p(1 << 32), ctypes.c_size_t(4096), 3, fixed, -1, ctypes.c_long(0))
    assert where == 1 << 32, "the place is taken"
    return call("prlimit64", 0, resource.RLIMIT_MSGQUEUE, ctypes.c_void_p(where), None)


attempt("no core at all", lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
attempt("small files", lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)))
attempt("new limits above 4 GiB", above_4_gib)
attempt("lower CPU time by prlimit", lambda: resource.prlimit(0, resource.RLIMIT_CPU, (2, 2)))
attempt("lower CPU time", lambda: resource.setrlimit(resource.RLIMIT_CPU, (1, 1)))
while True:
    pass
