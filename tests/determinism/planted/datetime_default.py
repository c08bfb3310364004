"""Reads the time once, when the file is imported, and shows it much later."""

import datetime


def stamped(event, at=datetime.datetime.now()):  # planted
    return f"{event} {at.isoformat()}"


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 6:
            observation = stamped(self.count)
        return observation, 1.0, self.count == 8, False, {}
