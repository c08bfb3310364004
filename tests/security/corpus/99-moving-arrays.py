# runs-as: environment
# times: 3
# expects[sealed]: seen: same
# expects[host]: seen: any
# expects: end: terminated
# why: an array that another thread changes while it is written must not give a record that nobody could ever give again
import hashlib
import threading

import gymnasium as gym
import numpy as np

from kit import say


class Attack(gym.Env):
    action_space = gym.spaces.Discrete(2)
    observation_space = gym.spaces.Box(-1e9, 1e9, (4096,), np.float64)

    def reset(self, *, seed=None, options=None):
        self.moving = np.zeros(4096)
        self.seen = hashlib.sha256()
        self.steps = 0
        self.stop = False
        threading.Thread(target=self.move, daemon=True).start()
        return self.moving, {}

    def move(self):
        while not self.stop:
            self.moving += 1
            threading.Event().wait(0.0005)

    def step(self, action):
        self.steps += 1
        threading.Event().wait(0.002)
        self.seen.update(self.moving.tobytes())
        self.stop = self.steps == 20
        if self.stop:
            say("seen", self.seen.hexdigest())
        return self.moving, 1.0, self.stop, False, {}
