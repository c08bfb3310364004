"""Sorts objects by their addresses."""


class Unit:
    def __init__(self, number):
        self.number = number


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        self.units = [Unit(number) for number in range(40)]
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 5:
            observation = [unit.number for unit in sorted(self.units, key=id)]  # planted
        return observation, 1.0, self.count == 8, False, {}
