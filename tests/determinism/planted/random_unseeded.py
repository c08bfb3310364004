"""Has a generator of its own that nobody seeds."""

import random


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        self.dice = random.Random()  # planted
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 6:
            observation = self.dice.random()
        return observation, 1.0, self.count == 8, False, {}
