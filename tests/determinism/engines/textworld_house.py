"""A game of TextWorld's, played by its own interpreter of Z-machine files: the image has the file by --add game:/games."""

import gymnasium
import textworld

COMMANDS = ["look", "inventory", "go north", "go east", "go south", "go west", "open door", "take all"]


class House(gymnasium.Env):
    observation_space = gymnasium.spaces.Text(5000)
    action_space = gymnasium.spaces.Discrete(len(COMMANDS))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.inner = textworld.start("/games/house.z8", textworld.EnvInfos(inventory=True))
        self.inner.seed(int(self.np_random.integers(1, 2**15)))
        state = self.inner.reset()
        return state.feedback, {"inventory": state.inventory}

    def step(self, action):
        state, reward, done = self.inner.step(COMMANDS[action])
        return state.feedback, float(reward), bool(done), False, {"inventory": state.inventory}
