"""Knapsacks that PuLP has its own CBC solve: each step asks for the best that fits, and gives it as the reward."""

import gymnasium
import numpy as np
import pulp


class Knapsack(gymnasium.Env):
    observation_space = gymnasium.spaces.Box(0, 100, (8,), np.float64)
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.left = 5
        return self.draw(), {}

    def draw(self):
        self.values = self.np_random.uniform(1, 100, 8)
        self.weights = self.np_random.uniform(1, 100, 8)
        return self.values

    def step(self, action):
        problem = pulp.LpProblem("knapsack", pulp.LpMaximize)
        taken = [pulp.LpVariable(f"x{i}", cat="Binary") for i in range(8)]
        problem += pulp.lpSum(value * x for value, x in zip(self.values, taken))
        problem += pulp.lpSum(weight * x for weight, x in zip(self.weights, taken)) <= 200
        status = problem.solve(pulp.PULP_CBC_CMD(msg=False))
        self.left -= 1
        info = {"status": pulp.LpStatus[status]}
        return self.draw(), float(pulp.value(problem.objective)), self.left == 0, False, info
