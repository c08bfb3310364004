"""Counts episodes where no reset can reach."""


class Planted:
    played = 0

    def reset(self, *, seed=None, options=None):
        self.count = 0
        type(self).played += 1
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 4:
            observation = type(self).played  # planted
        return observation, 1.0, self.count == 8, False, {}
