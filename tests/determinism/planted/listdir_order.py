"""Takes levels in the order in which the folder lists them."""

import os


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        self.folder = "/tmp/levels"
        os.makedirs(self.folder, exist_ok=True)
        for level in ("swamp", "castle", "attic", "mine", "lake"):
            open(os.path.join(self.folder, level), "w").close()
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 3:
            observation = os.listdir(self.folder)  # planted
        return observation, 1.0, self.count == 8, False, {}
