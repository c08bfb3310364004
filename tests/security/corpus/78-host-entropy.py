# runs-as: script
# times: 2
# expects[sealed]: by a folder's descriptor: same
# expects[sealed]: from inside the folder: same
# expects[sealed]: by two slashes: same
# expects[sealed]: by a link: same
# expects[sealed]: by the C library's files: same
# expects[sealed]: by the generic call: same
# expects[sealed]: by an instruction: same
# expects[sealed]: blocking: same
# expects[sealed]: by a shell: same
# expects[sealed]: getrandom by an instruction: same
# expects[host]: by a folder's descriptor: any
# expects[host]: from inside the folder: any
# expects[host]: by two slashes: any
# expects[host]: by a link: any
# expects[host]: by the C library's files: any
# expects[host]: by the generic call: any
# expects[host]: by an instruction: any
# expects[host]: blocking: any
# expects[host]: by a shell: any
# expects[host]: getrandom by an instruction: any
# why: chance that follows from anything but the seed makes a run that nobody can repeat, whichever road leads to it
import ctypes
import os
import subprocess

from kit import X64, libc, say
from raw import call_kernel

OPENAT, GETRANDOM = (257, 318) if X64 else (56, 278)
AT_FDCWD, COUNT = -100, 8


def drawn(fd):
    return os.read(fd, COUNT).hex()


def told(name, draw):
    try:
        say(name, draw())
    except OSError as error:
        say(name, f"errno{error.errno}")


def inside():
    os.chdir("/dev")
    try:
        return drawn(os.open("urandom", os.O_RDONLY))
    finally:
        os.chdir("/tmp")


def by_link():
    os.symlink("/dev/urandom", "/tmp/link")
    return drawn(os.open("/tmp/link", os.O_RDONLY))


def by_c_files():
    libc.fopen.restype = ctypes.c_void_p
    libc.freopen.restype = ctypes.c_void_p
    libc.fread.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p]
    file = libc.freopen(b"/dev/urandom", b"rb", ctypes.c_void_p(libc.fopen(b"/dev/null", b"rb")))
    if not file:
        raise OSError(ctypes.get_errno(), "")
    into = ctypes.create_string_buffer(COUNT)
    libc.fread(into, 1, COUNT, file)
    return into.raw.hex()


def checked(answer):
    if answer < 0:
        raise OSError(-answer, "")
    return answer


def generic():
    ctypes.set_errno(0)
    fd = libc.syscall(OPENAT, AT_FDCWD, b"/dev/urandom", 0, 0)
    return drawn(fd if fd >= 0 else checked(-ctypes.get_errno()))


path = ctypes.create_string_buffer(b"/dev/urandom")
into = ctypes.create_string_buffer(COUNT + 4)
told("by a folder's descriptor", lambda: drawn(os.open("urandom", os.O_RDONLY, dir_fd=os.open("/dev", os.O_RDONLY))))
told("from inside the folder", inside)
told("by two slashes", lambda: drawn(os.open("//dev/urandom", os.O_RDONLY)))
told("by a link", by_link)
told("by the C library's files", by_c_files)
told("by the generic call", generic)
told("by an instruction", lambda: drawn(checked(call_kernel(OPENAT, AT_FDCWD, ctypes.addressof(path), 0, 0))))
told("blocking", lambda: drawn(os.open("/dev/../dev/random", os.O_RDONLY)))
shell = "od -An -tx1 -N8 < /dev/./urandom || head -c 8 /dev/./urandom"
told("by a shell", lambda: subprocess.run(["sh", "-c", shell], capture_output=True).stdout.hex() or "nothing")


def by_getrandom():
    # Another length than the one that the heap of every new program asks for, which a sealed world refuses.
    checked(call_kernel(GETRANDOM, ctypes.addressof(into), COUNT + 4, 0))
    return into.raw.hex()


told("getrandom by an instruction", by_getrandom)
