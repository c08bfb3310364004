# runs-as: environment
# limits: wallMs=3000
# expects: end: protocol_error by environment ProtocolError
# why: a length that no host should believe, on the stream that only the referee has
import os

import gymnasium as gym
import numpy as np


class Attack(gym.Env):
    action_space = gym.spaces.Discrete(2)
    observation_space = gym.spaces.Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        return np.zeros(1, np.float32), {}

    def step(self, action):
        os.write(3, b"\xff" * 64)
        return np.zeros(1, np.float32), 1.0, True, False, {}
