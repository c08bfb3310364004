"""Asks the kernel for chance."""

import os


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 4:
            observation = os.urandom(4)  # planted
        return observation, 1.0, self.count == 8, False, {}
