"""Gymnax' Breakout, which JAX computes: its keys follow from the seed."""

import gymnasium
import gymnax
import jax
import numpy as np


class Breakout(gymnasium.Env):
    action_space = gymnasium.spaces.Discrete(3)
    observation_space = gymnasium.spaces.Box(0, 1, (10, 10, 4), np.float32)

    def __init__(self):
        self.inner, self.params = gymnax.make("Breakout-MinAtar")

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.key = jax.random.key(int(self.np_random.integers(2**31)))
        seen, self.state = self.inner.reset(self.draw(), self.params)
        return np.asarray(seen, np.float32), {}

    def draw(self):
        self.key, key = jax.random.split(self.key)
        return key

    def step(self, action):
        seen, self.state, reward, done, *_ = self.inner.step(self.draw(), self.state, int(action), self.params)
        return np.asarray(seen, np.float32), float(reward), bool(done), False, {}
