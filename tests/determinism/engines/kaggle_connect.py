"""Kaggle's Connect X against its random player: what it shows is of a class of its own, which is a dict, and is recorded as that."""

import gymnasium
import numpy as np
from kaggle_environments import make


class Connect(gymnasium.Env):
    action_space = gymnasium.spaces.Discrete(7)
    observation_space = gymnasium.spaces.Box(0, 2, (42,), np.int8)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        game = make("connectx", configuration={"randomSeed": int(self.np_random.integers(2**31))})
        self.trainer = game.train([None, "random"])
        seen = self.trainer.reset()
        return np.array(seen["board"], np.int8), {"seen": seen}

    def step(self, action):
        seen, reward, done, _ = self.trainer.step(int(action))
        return np.array(seen["board"], np.int8), float(reward or 0), bool(done), False, {"seen": seen}
