"""What is in the processor's cache: the reader's own data takes longer to read after the writer read much of its own."""

import statistics

MUCH, OWN = 64 << 20, 1 << 20


class Writer:
    def __init__(self):
        self.much = bytes(MUCH)

    def set(self, bit):
        if bit:
            self.much.find(b"1")
        else:
            wait_really(0.004)


class Reader:
    def __init__(self):
        self.own = bytes(OWN)
        self.seen: list = []

    def get(self):
        began = ticks()
        self.own.find(b"1")
        self.seen.append(ticks() - began)
        self.own.find(b"1")
        return self.seen[-1] > statistics.median(self.seen[-201:])
