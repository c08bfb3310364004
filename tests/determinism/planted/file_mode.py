"""Shows with which rights a new file was made."""

import os


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 4:
            open("/tmp/log", "w").close()
            observation = os.stat("/tmp/log").st_mode & 0o777  # planted
        return observation, 1.0, self.count == 8, False, {}
