"""ScienceWorld, a game in a Java program that is asked over TCP: Debian's Java, unpacked, is on no PATH, so it is put there."""

import os

import gymnasium
from scienceworld import ScienceWorldEnv

os.environ["PATH"] = "/usr/lib/jvm/java-17-openjdk-amd64/bin:" + os.environ["PATH"]

COMMANDS = ["look around", "inventory", "open door to hallway", "go to hallway", "open door to kitchen", "go to kitchen"]


class Science(gymnasium.Env):
    observation_space = gymnasium.spaces.Text(20000)
    action_space = gymnasium.spaces.Discrete(len(COMMANDS))

    def __init__(self):
        self.inner = ScienceWorldEnv("", envStepLimit=100)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        names = self.inner.get_task_names()
        self.inner.load(names[int(self.np_random.integers(len(names)))], 0, "easy")
        text, _ = self.inner.reset()
        return text, {}

    def step(self, action):
        text, reward, done, info = self.inner.step(COMMANDS[action])
        return text, float(reward), bool(done), False, {"score": info["score"]}

    def close(self):
        self.inner.close()
