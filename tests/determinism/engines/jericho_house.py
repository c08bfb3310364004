"""A game of TextWorld's, played by Jericho's interpreter of Z-machine files: the image has the file by --add game:/games."""

import gymnasium
import jericho

COMMANDS = ["look", "inventory", "north", "east", "south", "west", "open door", "take all"]


class House(gymnasium.Env):
    observation_space = gymnasium.spaces.Text(5000)
    action_space = gymnasium.spaces.Discrete(len(COMMANDS))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.inner = jericho.FrotzEnv("/games/house.z8", seed=int(self.np_random.integers(1, 2**15)))
        text, info = self.inner.reset()
        return text, dict(info)

    def step(self, action):
        text, reward, done, info = self.inner.step(COMMANDS[action])
        return text, float(reward), bool(done), False, dict(info)
