# runs-as: environment
# expects: end: protocol_error by environment ProtocolError
# why: an environment may say anything of itself, but only in frames that are frames
import os

import gymnasium as gym
import numpy as np


class Attack(gym.Env):
    action_space = gym.spaces.Discrete(2)
    observation_space = gym.spaces.Box(0, 1, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(1, np.float32), {}

    def step(self, action):
        os.write(3, b"\x01\xff\xff\xff\xff" + b"no frame is this long")
        return np.zeros(1, np.float32), 0.0, True, False, {}
