"""Whether a System V object with a known key is there."""

import ctypes

libc = ctypes.CDLL(None, use_errno=True)
KEY = int(PARAMS["token"], 16) & 0x7FFFFFFF
CREATE, REMOVE = 0o1666, 0


def get(flags):
    if PARAMS["kind"] == "shm":
        return libc.shmget(KEY, 4096, flags)
    return libc.msgget(KEY, flags) if PARAMS["kind"] == "msg" else libc.semget(KEY, 1, flags)


def remove(which):
    if PARAMS["kind"] == "shm":
        libc.shmctl(which, REMOVE, None)
    elif PARAMS["kind"] == "msg":
        libc.msgctl(which, REMOVE, None)
    else:
        libc.semctl(which, 0, REMOVE)


class Writer:
    def set(self, bit):
        if bit:
            get(CREATE)
        elif (which := get(0)) >= 0:
            remove(which)


class Reader:
    def get(self):
        return get(0) >= 0
