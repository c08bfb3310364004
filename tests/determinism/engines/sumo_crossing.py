"""A crossing of sumo-rl's: SUMO, a program inside the wheel eclipse-sumo, is asked over TCP by TraCI."""

import os

import gymnasium
import sumo

os.environ["SUMO_HOME"] = os.path.dirname(sumo.__file__)
os.environ["PATH"] = os.path.join(os.environ["SUMO_HOME"], "bin") + ":" + os.environ["PATH"]

import sumo_rl  # noqa: E402 - it looks for SUMO when it is imported

NET = os.path.join(os.path.dirname(sumo_rl.__file__), "nets", "single-intersection", "single-intersection")


class Crossing(gymnasium.Env):
    def __init__(self):
        self.inner = sumo_rl.SumoEnvironment(
            net_file=NET + ".net.xml", route_file=NET + ".rou.xml", single_agent=True, use_gui=False, num_seconds=100
        )
        self.observation_space = self.inner.observation_space
        self.action_space = self.inner.action_space

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.inner.reset(seed=int(self.np_random.integers(2**31)))

    def step(self, action):
        return self.inner.step(int(action))

    def close(self):
        self.inner.close()
