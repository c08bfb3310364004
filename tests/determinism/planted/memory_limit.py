"""Remembers as much as there is room for."""


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 3:
            blocks = []
            try:
                while len(blocks) < 64:
                    blocks.append(bytes(64 << 20))  # planted
            except MemoryError:
                pass
            observation = len(blocks)
        return observation, 1.0, self.count == 8, False, {}
