# runs-as: environment
# limits: wallMs=3000
# expects: end: protocol_error by environment ProtocolError
# why: bytes of a thread between the referee's own frames are no record, whoever wrote them
import os

import gymnasium as gym
import numpy as np
import threading


class Attack(gym.Env):
    action_space = gym.spaces.Discrete(2)
    observation_space = gym.spaces.Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        return np.zeros(1, np.float32), {}

    def step(self, action):
        writers = [threading.Thread(target=os.write, args=(3, bytes(1000))) for _ in range(20)]
        for each in writers:
            each.start()
        for each in writers:
            each.join()
        return np.zeros(1, np.float32), 1.0, True, False, {}
