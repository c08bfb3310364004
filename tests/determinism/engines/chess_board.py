"""gym-chess, whose observations and actions are objects: `encode` turns them into text, and the class below chooses among legal moves."""

import chess
import gym
import gym_chess  # noqa: F401 - it registers the environment
import gymnasium


def encode(value):
    if isinstance(value, chess.Board):
        return value.fen()
    if isinstance(value, chess.Move):
        return value.uci()
    raise TypeError(type(value))


class Chess(gymnasium.Env):
    action_space = gymnasium.spaces.Discrete(1000)
    observation_space = gymnasium.spaces.Text(100)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.inner = gym.make("Chess-v0")
        return self.inner.reset(), {}

    def step(self, action):
        moves = list(self.inner.legal_moves)
        move = moves[action % len(moves)]
        board, reward, done, _ = self.inner.step(move)
        return board, float(reward), bool(done), False, {"move": move}
