"""Pgx' Connect Four, which JAX computes, both sides played by one agent."""

import gymnasium
import jax
import numpy as np
import pgx


class Connect(gymnasium.Env):
    action_space = gymnasium.spaces.Discrete(7)
    observation_space = gymnasium.spaces.Box(0, 1, (6, 7, 2), np.float32)

    def __init__(self):
        inner = pgx.make("connect_four")
        self.first, self.next = jax.jit(inner.init), jax.jit(inner.step)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.state = self.first(jax.random.PRNGKey(int(self.np_random.integers(2**31))))
        return np.asarray(self.state.observation, np.float32), {}

    def step(self, action):
        player = int(self.state.current_player)
        self.state = self.next(self.state, int(action))
        return (
            np.asarray(self.state.observation, np.float32),
            float(self.state.rewards[player]),
            bool(self.state.terminated),
            False,
            {},
        )
