"""Draws from the system's generator, which cannot be seeded."""

import random


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 5:
            observation = random.SystemRandom().randrange(1000000)  # planted
        return observation, 1.0, self.count == 8, False, {}
