"""Takes the first of a set of names."""


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        self.units = {f"unit {number}" for number in range(20)}
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 3:
            observation = next(iter(self.units))  # planted
        return observation, 1.0, self.count == 8, False, {}
