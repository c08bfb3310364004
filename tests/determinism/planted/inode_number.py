"""Names a file by its inode."""

import os


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 4:
            open("/tmp/board", "w").close()
            observation = os.stat("/tmp/board").st_ino  # planted
        return observation, 1.0, self.count == 8, False, {}
