"""Inverts a matrix with as many threads as the library likes."""

import hashlib
import numpy as np


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        self.matrix = np.random.default_rng(7).standard_normal((400, 400))
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 3:
            inverse = np.linalg.inv(self.matrix)  # planted
            observation = hashlib.sha256(inverse.tobytes()).hexdigest()[:16]
        return observation, 1.0, self.count == 8, False, {}
