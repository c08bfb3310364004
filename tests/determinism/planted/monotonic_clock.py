"""Shows how long the machine has been running."""

import time


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 5:
            observation = time.monotonic()  # planted
        return observation, 1.0, self.count == 8, False, {}
