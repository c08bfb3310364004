"""Has a numpy generator of the old kind that nobody seeds."""

import numpy as np


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 4:
            observation = float(np.random.RandomState().rand())  # planted
        return observation, 1.0, self.count == 8, False, {}
