"""Jumanji's Snake, which JAX computes, through its own wrapper for Gym."""

import gymnasium
import jumanji
import numpy as np
from jumanji.wrappers import JumanjiToGymWrapper


class Snake(gymnasium.Env):
    action_space = gymnasium.spaces.Discrete(4)
    observation_space = gymnasium.spaces.Box(0, 1, (12, 12, 5), np.float32)

    def __init__(self):
        self.inner = JumanjiToGymWrapper(jumanji.make("Snake-v1"))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        if seed is not None:
            self.inner.seed(seed)
        return self.grid(self.inner.reset()), {}

    def grid(self, seen):
        # Some versions give the observation alone, others with an info.
        seen = seen[0] if type(seen) is tuple and len(seen) == 2 else seen
        return np.asarray(seen["grid"] if isinstance(seen, dict) else seen.grid, np.float32)

    def step(self, action):
        seen, reward, done, *_ = self.inner.step(int(action))
        return self.grid(seen), float(reward), bool(done), False, {}
