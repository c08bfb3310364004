# runs-as: environment
# expects: end: env_error by environment exit
# why: an environment that closes the recorder's stream has no record, and no return
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
        os.close(3)
        return np.zeros(1, np.float32), 1e9, False, False, {}
