"""Searches until a timeout ends it, and shows how far it got."""

import asyncio


async def search():
    nodes = [0]
    try:
        await asyncio.wait_for(expand(nodes), timeout=0.002)
    except asyncio.TimeoutError:
        pass
    return nodes[0]


async def expand(nodes):
    while True:
        nodes[0] += 1
        await asyncio.sleep(0)  # planted


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 4:
            observation = asyncio.run(search())
        return observation, 1.0, self.count == 8, False, {}
