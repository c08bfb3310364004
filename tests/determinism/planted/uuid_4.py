"""Names an episode by chance."""

import uuid


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 2:
            observation = str(uuid.uuid4())  # planted
        return observation, 1.0, self.count == 8, False, {}
