"""Asks the world for much and lets none of it into what it shows."""

import os
import random
import time


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        self.dice = random.Random(seed)
        self.started = time.time()
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.dice.randrange(100)
        if self.count == 3:
            time.sleep(0.001)
            self.token = os.urandom(8)
            self.seen = os.listdir("/opt")
        return observation, 1.0, self.count == 8, False, {}
