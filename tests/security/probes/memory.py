"""All memory of this process, chunk by chunk.

Where it is, nobody tells, there being no /proc; but the kernel refuses to map over what is mapped, so halving the address
space finds every page. What is mapped and may not be read is told from the rest by a write of it, which fails.
"""

import ctypes
import mmap
import os

PAGE = 4096
CHUNK = 1 << 16
TOP = 1 << 47
NOREPLACE = 0x100000
EEXIST = 17

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
libc.write.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]


def is_free(start, length):
    """Nothing is mapped there: the kernel would map over it, or has other reasons not to."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NOREPLACE
    at = libc.mmap(start, length, 0, flags, -1, 0)
    if at is None or at == ctypes.c_void_p(-1).value:
        return ctypes.get_errno() != EEXIST
    libc.munmap(at, length)
    return at == start


def mapped(start, length):
    """Every mapped range of an address range, in order; halves that are wholly mapped are not joined."""
    if length == CHUNK:
        yield start
        return
    # No mapping may reach the very top, so that a range that does says nothing of itself.
    if start + length < TOP and is_free(start, length):
        return
    yield from mapped(start, length // 2)
    yield from mapped(start + length // 2, length // 2)


def read_chunk(ends, start):
    """64 KiB of memory, page by page where some of it is not there or not readable."""
    whole = read_range(ends, start, CHUNK)
    if len(whole) == CHUNK:
        return whole
    return b"".join(read_range(ends, at, PAGE) for at in range(start, start + CHUNK, PAGE))


def read_range(ends, start, length):
    """Up to the first byte that cannot be read."""
    written = libc.write(ends[1], start, length)
    return os.read(ends[0], written) if written > 0 else b""


def memory_chunks():
    ends = os.pipe()
    # The first 64 KiB cannot be mapped.
    starts = list(mapped(CHUNK, CHUNK)) + [at for bit in range(17, 47) for at in mapped(1 << bit, 1 << bit)]
    for start in starts:
        yield start, read_chunk(ends, start)
    for end in ends:
        os.close(end)
