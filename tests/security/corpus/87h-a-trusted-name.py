# runs-as: environment
# limits: wallMs=3000
# expects: end: env_error by environment UnknownEnvironment
# why: a class that is called like the host's own trouble is no trouble of the host's
import os

import gymnasium as gym
import numpy as np


class UnknownEnvironment(Exception):
    __module__ = "builtins"


class Attack(gym.Env):
    action_space = gym.spaces.Discrete(2)
    observation_space = gym.spaces.Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        return np.zeros(1, np.float32), {}

    def step(self, action):
        raise UnknownEnvironment("none is called so")
        return np.zeros(1, np.float32), 1.0, True, False, {}
