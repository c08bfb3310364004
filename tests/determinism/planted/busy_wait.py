"""Counts what fits into two milliseconds."""

import time


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 4:
            deadline = time.perf_counter() + 0.002  # planted
            observation = 0
            while time.perf_counter() < deadline:
                observation += 1
        return observation, 1.0, self.count == 8, False, {}
