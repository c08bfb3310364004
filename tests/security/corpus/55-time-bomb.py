# runs-as: environment
# times: 3
# expects: seen before: no
# expects: end: env_error by environment exit
# why: what behaves until it is trusted gets no second episode in the same process, and the same verdict as what never did
import builtins
import os

import gymnasium as gym
import numpy as np

from kit import say

traces = [hasattr(builtins, "bomb"), os.path.exists("/tmp/bomb"), os.path.exists("/dev/shm/bomb"), "BOMB" in os.environ]
say("seen before", "escaped" if any(traces) else "no")
builtins.bomb = True
os.environ["BOMB"] = "1"
for path in ("/tmp/bomb", "/dev/shm/bomb"):
    with open(path, "w"):
        pass


class Attack(gym.Env):
    action_space = gym.spaces.Discrete(2)
    observation_space = gym.spaces.Box(0, 1, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.steps += 1
        if self.steps == 1000:
            os._exit(0)
        return np.zeros(1, np.float32), 0.0, False, False, {}
