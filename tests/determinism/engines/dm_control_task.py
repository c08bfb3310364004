"""Tasks of the DeepMind Control Suite with pictures."""

import hashlib

import gymnasium
import numpy as np
from dm_control import suite


class Task(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (6,), np.float64)
    action_space = gymnasium.spaces.Box(-1, 1, (2,), np.float64)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.env = suite.load("reacher", "easy", task_kwargs={"random": seed})
        self.steps = 0
        time = self.env.reset()
        return self.seen(time), self.picture()

    def seen(self, time):
        return np.concatenate([np.ravel(part) for part in time.observation.values()])

    def picture(self):
        pixels = self.env.physics.render(120, 160, camera_id=0)
        return {"pixels": hashlib.sha256(pixels.tobytes()).hexdigest(), "mean": float(pixels.mean())}

    def step(self, action):
        self.steps += 1
        time = self.env.step(action)
        return self.seen(time), float(time.reward or 0), False, self.steps == 10, self.picture()
