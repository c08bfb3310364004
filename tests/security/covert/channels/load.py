"""How busy the processors are: a loop of known work takes longer beside others that run."""

import os
import signal
import time


class Writer:
    def __init__(self):
        self.helpers = []
        for _ in range(2 * os.cpu_count()):
            if (pid := os.fork()) == 0:
                os.setpgid(0, 0)
                while True:
                    pass
            os.kill(pid, signal.SIGSTOP)
            self.helpers.append(pid)

    def set(self, bit):
        for pid in self.helpers:
            os.kill(pid, signal.SIGCONT if bit else signal.SIGSTOP)
        time.sleep(0.001)


class Reader:
    def get(self):
        began, used = time.perf_counter_ns(), time.thread_time_ns()
        while time.perf_counter_ns() - began < 12_000_000:
            pass
        return (time.thread_time_ns() - used) < 0.8 * (time.perf_counter_ns() - began)
