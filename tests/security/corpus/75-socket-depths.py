# runs-as: script
# expects: out of band: EPERM|EINVAL|EOPNOTSUPP
# expects: read out of band: EPERM|EINVAL|EOPNOTSUPP
# expects: by an instruction: EPERM|EINVAL|EOPNOTSUPP
# expects: a program on a socket: EPERM
# expects: a program for a group: EPERM|EINVAL
# expects: lock the program: EPERM
# control: out of band, a program on a socket, lock the program
# why: bytes out of band on a socket pair, and programs that the kernel compiles and runs for a socket, are what sandboxes were left through
import ctypes
import socket
import struct

from kit import X64, attempt
from raw import call_kernel

SO_ATTACH_FILTER, SO_LOCK_FILTER, SO_ATTACH_REUSEPORT_CBPF = 26, 44, 51
ACCEPT = struct.pack("HBBI", 0x06, 0, 0, 0xFFFF)
mine, other = socket.socketpair()
program = ctypes.create_string_buffer(ACCEPT)
attached = struct.pack("H6xQ", 1, ctypes.addressof(program))
byte = ctypes.create_string_buffer(b"x")


def by_instruction():
    answer = call_kernel(44 if X64 else 206, mine.fileno(), ctypes.addressof(byte), 1, int(socket.MSG_OOB), 0, 0)
    if answer < 0:
        raise OSError(-answer, "")


attempt("out of band", lambda: mine.send(b"x", socket.MSG_OOB))
attempt("read out of band", lambda: other.recv(1, socket.MSG_OOB))
attempt("by an instruction", by_instruction)
attempt("a program on a socket", lambda: mine.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, attached))
attempt("a program for a group", lambda: mine.setsockopt(socket.SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, attached))
attempt("lock the program", lambda: mine.setsockopt(socket.SOL_SOCKET, SO_LOCK_FILTER, 1))
