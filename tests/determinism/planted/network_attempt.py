"""Fetches its levels from a server."""

import socket


class Planted:
    def reset(self, *, seed=None, options=None):
        self.count = 0
        return 0, {}

    def step(self, action):
        self.count += 1
        observation = self.count
        if self.count == 4:
            with socket.create_connection(("192.0.2.1", 80), timeout=0.2) as server:  # planted
                observation = server.recv(16)
        return observation, 1.0, self.count == 8, False, {}
