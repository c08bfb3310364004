"""Shows where it runs."""

import os


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 5:
            observation = os.getcwd()  # planted
        return observation, 1.0, self.count == 8, False, {}
