"""Sorts its save files by the time of their last change."""

import os


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        self.folder = "/tmp/saves"
        os.makedirs(self.folder, exist_ok=True)
        for number in range(12):
            open(os.path.join(self.folder, f"save {number:02}"), "w").close()
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 4:
            saves = sorted(os.listdir(self.folder))
            observation = sorted(saves, key=lambda save: os.stat(os.path.join(self.folder, save)).st_mtime_ns)  # planted
        return observation, 1.0, self.count == 8, False, {}
