"""Depends on its seed and its actions alone."""

import random


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        self.dice = random.Random(seed)
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.dice.randrange(100)
        return observation, 1.0, self.count == 8, False, {}
