# runs-as: script
# expects: shared mapping: EACCES
# expects: make it writable: EACCES
# expects: splice: EPERM
# expects: vmsplice: EPERM
# expects: sendfile: ENOSYS
# expects: copy_file_range: ENOSYS
# expects: alg: EPERM
# expects: private write seen: no
# control: splice, vmsplice, sendfile, copy_file_range
# why: one page of the cache, changed in a file nobody may write, changes that file for every sandbox
import ctypes
import mmap
import os

from kit import attempt, call, libc, say

path = os.__file__
base = os.open(path, os.O_RDONLY)
reader, writer = os.pipe()


def make_writable():
    pages = mmap.mmap(base, 4096, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ)
    libc.mmap.restype = ctypes.c_void_p
    at = libc.mmap(None, 4096, mmap.PROT_READ, mmap.MAP_SHARED, base, 0)
    if libc.mprotect(ctypes.c_void_p(at), 4096, mmap.PROT_READ | mmap.PROT_WRITE) < 0:
        raise OSError(ctypes.get_errno(), "")
    return pages


attempt("shared mapping", lambda: mmap.mmap(base, 4096, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ | mmap.PROT_WRITE))
attempt("make it writable", make_writable)
attempt("splice", lambda: call("splice", base, 0, writer, 0, 1, 0))
attempt("vmsplice", lambda: call("vmsplice", writer, 0, 0, 0))
attempt("sendfile", lambda: call("sendfile", writer, base, 0, 1))
attempt("copy_file_range", lambda: call("copy_file_range", base, 0, writer, 0, 1, 0))
attempt("alg", lambda: call("socket", 38, 5, 0))
before = os.pread(base, 64, 0)
private = mmap.mmap(base, 4096, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_WRITE)
private[:4] = b"evil"
say("private write seen", "no" if os.pread(base, 64, 0) == before else "escaped")
