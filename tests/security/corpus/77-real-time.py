# runs-as: script
# expects[sealed]: an old entry: 946684800
# expects[sealed]: the clock by instruction: 946684800
# expects[sealed]: times in the kernel's pages: 0
# expects[host]: an old entry: any
# expects[host]: the clock by instruction: any
# expects[host]: times in the kernel's pages: any
# why: the date is in pages that the kernel maps into every process, and behind entries that no library stands before
import ctypes
import os

from kit import X64, libc, say
from raw import call_kernel

VSYSCALL, EHDR, EXECFN = 0xFFFFFFFFFF600000, 33, 31
CLOCK, WRITE = (228, 1) if X64 else (113, 64)
# What lies further below is the program's own memory.
PAGE, PAGES_BELOW = 4096, 6
# Between 2026 and 2096, which no counter of the kernel's in these pages is by chance.
YEARS = range(1_767_000_000, 4_000_000_000)


def old_entry():
    """The date by the entry at a fixed address that very old programs call; nothing where there is none, as on arm64."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        told = (ctypes.c_long * 2)()
        ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)(VSYSCALL)(ctypes.addressof(told), None)
        os.write(writer, str(told[0]).encode())
        os._exit(0)
    os.close(writer)
    return os.read(reader, 30).decode() or "946684800"


def dates_in(at):
    """How many dates a page holds; none where it cannot be read."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    call_kernel(WRITE, writer, at, PAGE)
    try:
        page = os.read(reader, PAGE)
    except BlockingIOError:
        return 0
    finally:
        os.close(reader)
        os.close(writer)
    words = memoryview(page[: len(page) // 8 * 8]).cast("Q")
    return sum(word in YEARS for word in words)


say("an old entry", old_entry())
told = (ctypes.c_long * 2)()
call_kernel(CLOCK, 0, ctypes.addressof(told))
say("the clock by instruction", told[0])
libc.getauxval.restype = ctypes.c_ulong
shared = libc.getauxval(EHDR)
# The name of the program is at the top of its stack: on kernels that have that right below their code, these pages are the
# program's own, where hashes and halves of addresses pass for dates.
stack = libc.getauxval(EXECFN)
pages = [shared - PAGE * below for below in range(1, PAGES_BELOW + 1)] if shared else []
say("times in the kernel's pages", sum(dates_in(page) for page in pages if not page <= stack < shared))
