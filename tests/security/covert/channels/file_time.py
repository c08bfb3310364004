"""Times of a file in the shared tree: the writer reads it or touches it, the reader asks when, and sets them back."""

import os


class Writer:
    def set(self, bit):
        if not bit:
            return
        if PARAMS["kind"] == "mtime":
            os.utime(PARAMS["file"])
        else:
            with open(PARAMS["file"], "rb") as file:
                file.read(1)


class Reader:
    def __init__(self):
        self.reset()

    def reset(self):
        try:
            os.utime(PARAMS["file"], (1, 2))
        except OSError:
            pass
        status = os.stat(PARAMS["file"])
        self.seen = status.st_atime_ns, status.st_mtime_ns

    def get(self):
        status = os.stat(PARAMS["file"])
        changed = (status.st_atime_ns, status.st_mtime_ns) != self.seen
        self.reset()
        return changed
