"""What is in the processor's cache: the reader's own data takes longer to read after the writer read much of its own."""

import statistics
import time

MUCH, OWN = 64 << 20, 1 << 20


class Writer:
    def __init__(self):
        self.much = bytes(MUCH)

    def set(self, bit):
        if bit:
            self.much.find(b"1")
        else:
            until = time.perf_counter_ns() + 4_000_000
            while time.perf_counter_ns() < until:
                pass


class Reader:
    def __init__(self):
        self.own = bytes(OWN)
        self.seen: list = []

    def get(self):
        began = time.perf_counter_ns()
        self.own.find(b"1")
        self.seen.append(time.perf_counter_ns() - began)
        self.own.find(b"1")
        return self.seen[-1] > statistics.median(self.seen[-201:])
