"""Knapsacks that CBC's own program solves: each step takes or leaves an item, and the reward is what the best rest is worth less."""

import os
import subprocess
import tempfile

import cbcbox
import gymnasium
import numpy as np


class Knapsack(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(0, 1e6, (3,), np.float64)
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.values = self.np_random.uniform(1, 50, 30).round(3)
        self.weights = self.np_random.uniform(1, 50, 30).round(3)
        self.at, self.room = 0, 300.0
        self.best = self.solve()
        return self.seen(), {"program": os.path.basename(os.path.dirname(os.path.dirname(cbcbox.cbc_bin_path())))}

    def solve(self):
        rest = range(self.at, 30)
        if not len(rest):
            return 0.0
        lines = ["Maximize", " obj: " + " + ".join(f"{self.values[i]} x{i}" for i in rest), "Subject To"]
        lines += [" room: " + " + ".join(f"{self.weights[i]} x{i}" for i in rest) + f" <= {self.room}", "Binary"]
        lines += [" " + " ".join(f"x{i}" for i in rest), "End"]
        with tempfile.TemporaryDirectory() as folder:
            path, out = os.path.join(folder, "p.lp"), os.path.join(folder, "s.txt")
            with open(path, "w") as file:
                file.write("\n".join(lines) + "\n")
            done = subprocess.run([cbcbox.cbc_bin_path(), path, "-solve", "-solu", out], capture_output=True, text=True)
            if not os.path.exists(out):
                raise RuntimeError(f"{done.returncode} {done.stdout[-500:]} {done.stderr[-500:]}")
            head = open(out).readline()
        self.said = head.strip()
        return abs(float(head.rsplit(" ", 1)[1]))

    def seen(self):
        return np.array([self.at, self.room, self.best])

    def step(self, action):
        before = self.best
        gain = 0.0
        if action and self.weights[self.at] <= self.room:
            self.room -= self.weights[self.at]
            gain = float(self.values[self.at])
        self.at += 1
        self.best = self.solve()
        return self.seen(), gain + self.best - before, self.at == 10, False, {"said": self.said}
