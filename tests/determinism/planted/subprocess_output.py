"""Asks another program for the time."""

import subprocess


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 5:
            asked = subprocess.run(["/bin/date", "+%s %N"], capture_output=True, check=True)  # planted
            observation = asked.stdout.decode().strip()
        return observation, 1.0, self.count == 8, False, {}
