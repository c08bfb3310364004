"""Says which hour of the day the epoch began at."""

import time


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 3:
            observation = time.localtime(0).tm_hour  # planted
        return observation, 1.0, self.count == 8, False, {}
