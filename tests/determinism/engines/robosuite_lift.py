"""A robosuite task with a camera's picture in its observation."""

import hashlib

import gymnasium
import numpy as np
import robosuite


class Lift(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (3,), np.float64)
    action_space = gymnasium.spaces.Box(-1, 1, (7,), np.float64)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.env = robosuite.make(
            "Lift", robots="Panda", has_renderer=False, has_offscreen_renderer=True, use_camera_obs=True,
            camera_names="frontview", camera_heights=64, camera_widths=64, horizon=10, seed=seed,
        )
        return self.seen(self.env.reset())

    def seen(self, told):
        pixels = told["frontview_image"]
        info = {"pixels": hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest(), "mean": float(pixels.mean())}
        return np.asarray(told["cube_pos"], np.float64), info

    def step(self, action):
        told, reward, done, _ = self.env.step(np.resize(action, self.env.action_dim))
        seen, info = self.seen(told)
        return seen, float(reward), False, bool(done), info
