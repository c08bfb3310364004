"""Films of noise that FFmpeg, a program in imageio-ffmpeg's wheel, writes at the end of an episode and reads again."""

import hashlib

import gymnasium
import imageio.v2 as imageio
import numpy as np


class Film(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(0, 255, (32, 32, 3), np.uint8)
    action_space = gymnasium.spaces.Discrete(4)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.frames = []
        return self.frame(), {}

    def frame(self):
        picture = self.np_random.integers(0, 256, (32, 32, 3)).astype(np.uint8)
        self.frames.append(picture)
        return picture

    def step(self, action):
        picture = self.frame()
        over = len(self.frames) == 12
        info = {}
        if over:
            imageio.mimwrite("/tmp/film.mp4", self.frames, fps=10)
            with open("/tmp/film.mp4", "rb") as film:
                info["film"] = hashlib.sha256(film.read()).hexdigest()
            info["read"] = sum(int(frame.sum()) for frame in imageio.get_reader("/tmp/film.mp4"))
        return picture, 1.0, over, False, info
