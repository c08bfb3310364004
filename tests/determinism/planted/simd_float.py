"""Adds up what the processor's own instructions compute."""

import numpy as np


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        self.values = np.random.default_rng(7).standard_normal((64, 64))
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 4:
            observation = np.exp(self.values) @ np.sin(self.values)  # planted
        return observation, 1.0, self.count == 8, False, {}
