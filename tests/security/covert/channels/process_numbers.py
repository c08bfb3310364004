"""How many processes and threads the machine has made: by the numbers of one's own, or of their pidfds."""

import os
import threading

MANY = 16
threading.stack_size(65536)


def thread_number():
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    return thread.native_id


def pidfd_number():
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    try:
        fd = os.pidfd_open(pid)
        number = os.fstat(fd).st_ino
        os.close(fd)
        return number
    finally:
        os.waitpid(pid, 0)


class Writer:
    def set(self, bit):
        for _ in range(MANY if bit else 0):
            thread_number()


class Reader:
    def __init__(self):
        self.number = pidfd_number if PARAMS["kind"] == "pidfd" else thread_number
        self.last = self.number()

    def get(self):
        now = self.number()
        made, self.last = now - self.last, now
        return made > MANY * 0.75
