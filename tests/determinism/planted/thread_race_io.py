"""Two threads read from files, and whichever is ready first goes on."""

import os
import threading


def switches(order):
    return sum(before != after for before, after in zip(order, order[1:]))


def read(path):
    descriptor = os.open(path, os.O_RDONLY)
    os.read(descriptor, 4096)
    os.close(descriptor)


class Planted:
    @staticmethod
    def work(order, gate, name):
        [order.append(read(__file__) or name) for _ in range(400 * gate.wait())]  # planted

    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 4:
            order = []
            gate = threading.Event()
            threads = [threading.Thread(target=self.work, args=(order, gate, name)) for name in "ab"]
            for thread in threads:
                thread.start()
            gate.set()
            for thread in threads:
                thread.join()
            observation = f"{order[0]} {switches(order)}"
        return observation, 1.0, self.count == 8, False, {}
