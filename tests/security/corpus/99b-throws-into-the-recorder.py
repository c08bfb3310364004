# runs-as: environment
# expects: end: env_error by environment Thrown
# why: a profiler that throws does so in whatever runs next, the recorder too; what comes of it is the environment's own failure
import sys

import gymnasium as gym
import numpy as np


class Thrown(Exception):
    pass


def throw(frame, event, argument):
    if frame.f_code.co_filename.endswith("canonical.py"):
        raise Thrown


class Attack(gym.Env):
    action_space = gym.spaces.Discrete(2)
    observation_space = gym.spaces.Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        return np.zeros(1, np.float32), {}

    def step(self, action):
        sys.setprofile(throw)
        return np.zeros(1, np.float32), 1.0, False, False, {"values": [1, 2.5]}
