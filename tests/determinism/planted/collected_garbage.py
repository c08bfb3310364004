"""Counts objects that the garbage collector has taken."""


class Node:
    collected = 0

    def __init__(self):
        self.itself = self

    def __del__(self):
        Node.collected += 1


def scatter(count):
    for _ in range(count):
        Node()


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = scatter(120) or self.count
        if self.count == 7:
            observation = Node.collected  # planted
        return observation, 1.0, self.count == 8, False, {}
