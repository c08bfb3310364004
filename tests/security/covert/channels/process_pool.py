"""One user has only so many processes and threads."""

import resource
import threading

MANY = 4
try:
    resource.setrlimit(resource.RLIMIT_NPROC, (7, 7))
except OSError:
    pass  # a sandbox has this limit, and may not set it


class Writer:
    def __init__(self):
        threading.stack_size(65536)
        self.end = threading.Event()
        self.held: list = []

    def set(self, bit):
        self.end.set()
        for thread in self.held:
            thread.join()
        self.end, self.held = threading.Event(), []
        for _ in range(MANY if bit else 0):
            thread = threading.Thread(target=self.end.wait, args=(60,), daemon=True)
            thread.start()
            self.held.append(thread)


class Reader(Writer):
    def get(self):
        try:
            self.set(True)
            return False
        except RuntimeError:
            return True
        finally:
            self.set(False)
