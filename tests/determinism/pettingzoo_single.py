"""PettingZoo's classic games as environments of one agent, so that they can be audited as any other environment.

Whoever is to move is played: an action is the number of a legal move, counted around, so that every action is legal.
The reward is that of the one who moved. One class a game; `AUDITED` holds their names.
"""

import importlib

import gymnasium
import numpy as np


class _Alone:
    module = ""

    def __init__(self):
        self.game = importlib.import_module(f"pettingzoo.classic.{self.module}").env()
        first = self.game.possible_agents[0]
        self.action_space = gymnasium.spaces.Discrete(int(self.game.action_space(first).n))

    def reset(self, seed=None, options=None):
        self.game.reset(seed=seed)
        return self._look(), {"mover": self.game.agent_selection}

    def step(self, action):
        mover = self.game.agent_selection
        self.game.step(self._legal(int(action)))
        rewards = dict(self.game.rewards)
        while self.game.agents and self._is_out(self.game.agent_selection):
            self.game.step(None)
        is_over = not self.game.agents
        seen = self.last if is_over else self._look()
        return seen, float(rewards.get(mover, 0.0)), is_over, False, {} if is_over else {"mover": self.game.agent_selection}

    def _legal(self, action):
        moves = [] if self.mask is None else np.flatnonzero(self.mask)
        return int(moves[action % len(moves)]) if len(moves) else action

    def _is_out(self, agent):
        return self.game.terminations[agent] or self.game.truncations[agent]

    def _look(self):
        seen = self.game.observe(self.game.agent_selection)
        self.mask = None
        if isinstance(seen, dict):
            seen, self.mask = seen["observation"], seen["action_mask"]
        self.last = np.asarray(seen)
        return self.last


class TicTacToe(_Alone):
    module = "tictactoe_v3"


class ConnectFour(_Alone):
    module = "connect_four_v3"


class Chess(_Alone):
    module = "chess_v6"


class Go(_Alone):
    module = "go_v5"


class RockPaperScissors(_Alone):
    module = "rps_v2"


class Hanabi(_Alone):
    module = "hanabi_v5"


class LeducHoldem(_Alone):
    module = "leduc_holdem_v4"


class TexasHoldem(_Alone):
    module = "texas_holdem_v4"


class TexasHoldemNoLimit(_Alone):
    module = "texas_holdem_no_limit_v6"


AUDITED = [each.__name__ for each in _Alone.__subclasses__()]
