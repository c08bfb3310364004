# runs-as: environment
# limits: wallMs=3000
# expects: end: env_error by environment exit
# why: a stream whose both ways are shut must not hold up the one who reads it
import os

import gymnasium as gym
import numpy as np
import socket


class Attack(gym.Env):
    action_space = gym.spaces.Discrete(2)
    observation_space = gym.spaces.Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        return np.zeros(1, np.float32), {}

    def step(self, action):
        socket.socket(fileno=os.dup(3)).shutdown(socket.SHUT_RDWR)
        return np.zeros(1, np.float32), 1.0, True, False, {}
