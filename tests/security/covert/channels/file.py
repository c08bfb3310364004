"""Whether a file with a known name is there."""

import os

PATH = os.path.join(PARAMS["folder"], PARAMS["token"])


class Writer:
    def set(self, bit):
        if bit:
            open(PATH, "w").close()
        elif os.path.exists(PATH):
            os.remove(PATH)


class Reader:
    def get(self):
        return os.path.exists(PATH)
