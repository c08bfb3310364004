"""Samples an opponent's moves from a space that nobody seeds."""

from gymnasium import spaces


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        self.moves = spaces.Discrete(1000000)
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 5:
            observation = int(self.moves.sample())  # planted
        return observation, 1.0, self.count == 8, False, {}
