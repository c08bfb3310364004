# runs-as: environment
# limits: wallMs=3000
# expects: end: env_error by environment exit
# why: 125 is what a wall ends with that could not be built; an environment that says so has ended itself
import os

import gymnasium as gym
import numpy as np


class Attack(gym.Env):
    action_space = gym.spaces.Discrete(2)
    observation_space = gym.spaces.Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        return np.zeros(1, np.float32), {}

    def step(self, action):
        os.write(1, b"W")
        os._exit(125)
        return np.zeros(1, np.float32), 1.0, True, False, {}
