"""Leaves a message for whoever comes next, or looks for one: in files, objects of the kernel, the environment, memory."""

import builtins
import ctypes
import mmap
import os

KIND, COUNT, NAME = PARAMS["kind"], PARAMS["count"], PARAMS["token"]
NUMBERS = PARAMS["numbers"]
KEY = int(NAME, 16) & 0x3FFFFFFF
FLIP = 0x40
# The marker before a message in memory, kept so that this program does not hold it itself.
FLIPPED_MARKER = [bytes(n ^ FLIP for n in (NAME * 2).encode()), bytes(n ^ FLIP for n in (NAME[::-1] * 2).encode())]


def folder():
    return {"tmp": "/tmp", "shm": "/dev/shm"}[KIND]


def call(name, *arguments):
    given = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return libc.syscall(ctypes.c_long(NUMBERS[name]), *given)


def pack(bits):
    return bytes(sum(bits[at + n] << n for n in range(8)) for at in range(0, len(bits), 8))


def unpack(data):
    return [data[n >> 3] >> (n & 7) & 1 for n in range(COUNT)]


def leave(bits):
    if KIND in ("tmp", "shm"):
        for n in (n for n in range(COUNT) if bits[n]):
            open(f"{folder()}/{NAME}-{n}", "w").close()
    elif KIND == "sysv":
        for n in (n for n in range(COUNT) if bits[n]):
            call("msgget" if n % 2 else "shmget", KEY + n, *([0o1666] if n % 2 else [4096, 0o1666]))
    elif KIND == "keyring":
        call("add_key", b"user", NAME.encode(), pack(bits), COUNT // 8, -4)
    elif KIND == "environment":
        os.environ[NAME] = pack(bits).hex()
        builtins.left_behind = pack(bits)
    elif KIND == "descriptors":
        # Numbers that are open, or not.
        for n in (n for n in range(COUNT) if bits[n]):
            os.dup2(0, 1024 + n)
    elif KIND == "memory":
        left = bytes(n ^ FLIP for half in FLIPPED_MARKER for n in half) + pack(bits)
        page = mmap.mmap(-1, 1 << 16)
        page.write(left)
        builtins.left_behind = [left, page]
        os.write(2, left)


def find():
    if KIND in ("tmp", "shm"):
        return [os.path.exists(f"{folder()}/{NAME}-{n}") for n in range(COUNT)]
    if KIND == "sysv":
        return [call("msgget" if n % 2 else "shmget", KEY + n, *([0] if n % 2 else [0, 0])) >= 0 for n in range(COUNT)]
    if KIND == "keyring":
        payload = ctypes.create_string_buffer(COUNT // 8)
        key = call("keyctl", 10, -4, b"user", NAME.encode(), 0)
        return unpack(payload.raw) if call("keyctl", 11, key, payload, COUNT // 8) > 0 else []
    if KIND == "environment":
        left = os.environ.get(NAME)
        return unpack(bytes.fromhex(left) if left else getattr(builtins, "left_behind", bytes(COUNT // 8)))
    if KIND == "descriptors":
        return [is_open(1024 + n) for n in range(COUNT)]
    return find_in_memory()


def is_open(fd):
    try:
        os.fstat(fd)
        return True
    except OSError:
        return False


def find_in_memory():
    flip = bytes(n ^ FLIP for n in range(256))
    first, second = FLIPPED_MARKER
    for _, data in memory_chunks():
        flipped = data.translate(flip)
        at = flipped.find(first)
        while at >= 0:
            rest = at + len(first)
            if flipped[rest : rest + len(second)] == second and len(data) >= rest + len(second) + COUNT // 8:
                return unpack(data[rest + len(second) :])
            at = flipped.find(first, at + 1)
    return []


def clean_up():
    """Takes away what outlives a plain process."""
    for n in range(COUNT):
        if KIND in ("tmp", "shm") and os.path.exists(f"{folder()}/{NAME}-{n}"):
            os.remove(f"{folder()}/{NAME}-{n}")
        elif KIND == "sysv" and n % 2 and (which := call("msgget", KEY + n, 0)) >= 0:
            libc.msgctl(which, 0, None)
        elif KIND == "sysv" and not n % 2 and (which := call("shmget", KEY + n, 0, 0)) >= 0:
            libc.shmctl(which, 0, None)


if "bits" in PARAMS:
    leave(PARAMS["bits"])
if PARAMS["finds"]:
    read = [int(bit) for bit in find()]
    answer(any(read), json.dumps(read))
if PARAMS["cleans"]:
    clean_up()
