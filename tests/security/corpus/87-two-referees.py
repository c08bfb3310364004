# runs-as: environment
# limits: wallMs=3000
# expects: end: protocol_error by environment ProtocolError
# why: two processes that both go on as the referee write one stream; what they make of it is no record
import os

import gymnasium as gym
import numpy as np


class Attack(gym.Env):
    action_space = gym.spaces.Discrete(2)
    observation_space = gym.spaces.Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        return np.zeros(1, np.float32), {}

    def step(self, action):
        if os.fork() != 0:
            # The other one writes the whole rest first: its end would otherwise be the end of both where this one is faster.
            os.wait()
        return np.zeros(1, np.float32), 1.0, True, False, {}
