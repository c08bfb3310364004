# runs-as: script
# machine: x86_64
# expects: modify_ldt: EPERM
# expects: i386: signal 31
# expects: x32: signal 31
# control: modify_ldt, i386, x32
# why: the same numbers mean other calls in another table, so a filter that looks at one table only has a second door
import ctypes
import mmap
import os

from kit import attempt, call, child, libc, say


def i386():
    # mov eax, 20 (getpid of i386); int 0x80; ret
    code = mmap.mmap(-1, 4096, prot=7)
    code.write(bytes.fromhex("b814000000cd80c3"))
    pid = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
    os._exit(0 if pid > 0 else 1)


attempt("modify_ldt", lambda: call("modify_ldt", 0, 0, 0))
say("i386", child(i386))
say("x32", child(lambda: libc.syscall(0x40000000 + 39)))
