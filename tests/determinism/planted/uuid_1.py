"""Names an episode by the time and the machine."""

import uuid


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 3:
            observation = str(uuid.uuid1())  # planted
        return observation, 1.0, self.count == 8, False, {}
