# runs-as: environment
# expects: written as it is: yes
# expects: end: terminated
# why: a key of a class that compares, hashes and encodes itself as it likes is written as the text it is, with its class's name
import gymnasium as gym
import numpy as np

from kit import say
from sameseed.recording.canonical import encode


class Key(str):
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 1

    def encode(self, *_):
        return b"reward"


class Attack(gym.Env):
    action_space = gym.spaces.Discrete(2)
    observation_space = gym.spaces.Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        return np.zeros(1, np.float32), {}

    def step(self, action):
        info = {}
        dict.__setitem__(info, Key("a"), 1)
        dict.__setitem__(info, "reward", 2)
        data = encode(info)
        # A text of one letter, the name of its class, and the other key once.
        say("written as it is", "yes" if b"aa" in data and b"Key" in data and data.count(b"freward") == 1 else f"no {data!r}")
        return np.zeros(1, np.float32), 1.0, True, False, info
