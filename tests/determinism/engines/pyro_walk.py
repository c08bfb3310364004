"""An object that lives in a program of its own, which the environment starts and calls over TCP by Pyro."""

import socket
import subprocess
import sys
import time

import gymnasium
import numpy as np
import Pyro5.api
import Pyro5.errors

SERVER = """
import random, sys
import Pyro5.api

@Pyro5.api.expose
class Walk:
    def begin(self, seed):
        self.chance, self.at = random.Random(seed), 0.0
        return self.at

    def move(self, by):
        self.at += self.chance.gauss(by, 1)
        return self.at

daemon = Pyro5.api.Daemon(host="127.0.0.1", port=int(sys.argv[1]))
daemon.register(Walk(), "walk")
daemon.requestLoop()
"""


class Walk(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (1,), np.float64)
    action_space = gymnasium.spaces.Discrete(3)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.server = subprocess.Popen([sys.executable, "-c", SERVER, str(port)])
        self.walk = Pyro5.api.Proxy(f"PYRO:walk@127.0.0.1:{port}")
        for _ in range(600):
            try:
                at = self.walk.begin(int(self.np_random.integers(2**31)) if seed is None else seed)
                break
            except Pyro5.errors.CommunicationError:
                time.sleep(0.1)
        self.steps = 0
        return np.array([at]), {}

    def step(self, action):
        self.steps += 1
        at = self.walk.move(int(action))
        over = self.steps == 10
        if over:
            self.walk._pyroRelease()
            self.server.kill()
            self.server.wait()
        return np.array([at]), at, over, False, {}
