"""A bystander: an environment whose results hang on addresses, hashes and every generator, so that a neighbour who moves one
byte of its heap or draws one number from it changes its record.
"""

import random

import gymnasium as gym
import numpy as np


class Thing:
    """Hashed by its address, as every plain object is."""

    def __init__(self, number: int) -> None:
        self.number = number


class Bystander(gym.Env):
    action_space = gym.spaces.Discrete(4)
    observation_space = gym.spaces.Box(-np.inf, np.inf, (20,), np.float64)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        self.things = {Thing(number) for number in range(60)}
        return self._observe(), {}

    def step(self, action):
        self.steps += 1
        for _ in range(5 + int(action)):
            gone = self.things.pop()
            scratch = bytes(int(self.np_random.integers(1, 3000)))
            self.things.add(Thing(gone.number + 1))
            del scratch
        reward = sum(thing.number * (place + 1) for place, thing in enumerate(self.things)) + random.random()
        info = {"words": list({f"word {number}" for number in range(50)}), "address": id(self)}
        return self._observe(), float(reward), self.steps == 12, False, info

    def _observe(self) -> np.ndarray:
        return np.array([thing.number for thing in self.things][:20], np.float64)
