# runs-as: script
# machine: x86_64
# expects: flock on the image: ENOLCK
# expects: record lock on the image: ENOLCK
# expects: open file lock on the image: ENOLCK
# expects: flock on a device: ENOLCK
# expects: flock on a folder: ENOLCK
# expects: flock on its own file: ENOLCK
# control: flock on the image, record lock on the image, open file lock on the image, flock on a device, flock on a folder, flock on its own file
# why: a library that answers locks inside the sandbox must not be what keeps sandboxes apart: an instruction goes past it
import ctypes
import fcntl
import mmap
import os
import struct

from kit import attempt

FCNTL, FLOCK, F_OFD_SETLK = 72, 73, 37

# mov rax, rdi; mov rdi, rsi; mov rsi, rdx; mov rdx, rcx; syscall; ret
_code = mmap.mmap(-1, 4096, prot=7)
_code.write(bytes.fromhex("4889f84889f74889d64889ca0f05c3"))
_enter = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_long, ctypes.c_long, ctypes.c_long, ctypes.c_void_p)(
    ctypes.addressof(ctypes.c_char.from_buffer(_code))
)


def instruction(number, first, second, third=None):
    answer = _enter(number, first, second, third)
    if answer < 0:
        raise OSError(-answer, os.strerror(-answer))
    return answer


lock = ctypes.create_string_buffer(struct.pack("hhqqi4x", fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0))
image, device = os.open("/etc/passwd", os.O_RDONLY), os.open("/dev/null", os.O_RDONLY)
folder, own = os.open("/etc", os.O_RDONLY), os.open("/tmp/own", os.O_CREAT | os.O_RDWR)
shared = fcntl.LOCK_SH | fcntl.LOCK_NB
attempt("flock on the image", lambda: instruction(FLOCK, image, shared))
attempt("record lock on the image", lambda: instruction(FCNTL, image, fcntl.F_SETLK, ctypes.addressof(lock)))
attempt("open file lock on the image", lambda: instruction(FCNTL, image, F_OFD_SETLK, ctypes.addressof(lock)))
attempt("flock on a device", lambda: instruction(FLOCK, device, shared))
attempt("flock on a folder", lambda: instruction(FLOCK, folder, shared))
attempt("flock on its own file", lambda: instruction(FLOCK, own, shared))
