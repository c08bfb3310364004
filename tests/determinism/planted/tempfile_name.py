"""Shows the name of a temporary file."""

import os
import tempfile


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 3:
            with tempfile.NamedTemporaryFile() as file:  # planted
                observation = os.path.basename(file.name)
        return observation, 1.0, self.count == 8, False, {}
