# runs-as: environment
# limits: wallMs=500
# expects: end: wall_limit by environment limit
# why: a stream that is closed says nothing of a process that stays
import os

import gymnasium as gym
import numpy as np

from kit import stay


class Attack(gym.Env):
    action_space = gym.spaces.Discrete(2)
    observation_space = gym.spaces.Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        return np.zeros(1, np.float32), {}

    def step(self, action):
        os.close(3)
        stay()
        return np.zeros(1, np.float32), 1.0, True, False, {}
