"""Writes text as the user's locale does."""

import locale


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 4:
            _, encoding = locale.getdefaultlocale()  # planted
            observation = "na\u00efve".encode(encoding or "ascii", "replace")
        return observation, 1.0, self.count == 8, False, {}
