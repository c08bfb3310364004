"""Shows how long a short sleep really took."""

import time


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 3:
            started = time.monotonic()  # planted
            time.sleep(0.003)
            observation = round(time.monotonic() - started, 9)
        return observation, 1.0, self.count == 8, False, {}
