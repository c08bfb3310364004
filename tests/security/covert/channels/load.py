"""How busy the processors are: a loop of known work takes longer beside others that run."""

import os
import signal


HELPERS, WORK = 4, 300_000


class Writer:
    def __init__(self):
        self.helpers = []
        for _ in range(HELPERS):
            if (pid := os.fork()) == 0:
                os.setpgid(0, 0)
                while True:
                    pass
            os.kill(pid, signal.SIGSTOP)
            self.helpers.append(pid)

    def set(self, bit):
        for pid in self.helpers:
            os.kill(pid, signal.SIGCONT if bit else signal.SIGSTOP)
        wait_really(0.001)


class Reader:
    def __init__(self):
        self.quiet = min(self.work() for _ in range(5))

    def work(self):
        began = ticks()
        for _ in range(WORK):
            pass
        return ticks() - began

    def get(self):
        return self.work() > 1.5 * self.quiet
