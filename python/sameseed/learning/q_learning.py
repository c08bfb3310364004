"""Tabular Q-learning of tic-tac-toe, from self-play or against a policy.

A learner takes a cell by ε-greedy choice, waits for the other's answer, and moves the cell's value towards γ times
the value of the board it then faces, or towards the result (+1, 0, -1 from its own view) where the game has ended. In
self-play both seats learn in one table; their rows never meet, since the number of marks says whose turn it is.
Against a policy the learner sits at X in episodes with an even number and at O in the others.

What is drawn in an episode depends on the seed and the episode's number alone: every role (the learner of a seat, the
opponent of a seat) has a stream of its own in every episode. So it makes no difference in how many pieces the episodes
are run, and a run that goes on where another stopped gives the table of one that was never stopped.

Values are sums and products of doubles in a fixed order: the same on every machine.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from ..play.builtin_environments import load
from .q_table import QTable, Row, best_value, board_text, free_cells

# Takes the environment's board, the mark to move, the empty cells, and the stream to draw from; returns a cell.
Opponent = Callable[[list, str, list, random.Random], int]


@dataclass(frozen=True)
class Schedule:
    """A quantity that goes in a straight line from its first value to its last over all episodes."""

    first: float
    last: float
    episodes: int

    def at(self, episode: int) -> float:
        """The value in an episode; the first has number 0."""
        return self.first + (self.last - self.first) * (episode / self.episodes)


def episode_stream(role: str, seed: int, episode: int) -> random.Random:
    """The stream of a role in one episode."""
    text = f"sameseed/learn/1\0{role}\0{seed}\0{episode}"
    return random.Random(int.from_bytes(sha256(text.encode()).digest()[:16], "big"))


class Learner:
    """Plays episodes and learns from them. `opponent` is None for self-play."""

    def __init__(
        self, table: QTable, seed: int, alpha: Schedule, epsilon: Schedule, gamma: float, opponent: Opponent | None
    ) -> None:
        self.table = table
        self._seed = seed
        self._alpha = alpha
        self._epsilon = epsilon
        self._gamma = gamma
        self._opponent = opponent
        self._game = load("tictactoe").Environment()

    def play(self, episode: int) -> int:
        """Plays one episode and learns from it; returns the result from X's view."""
        alpha = self._alpha.at(episode)
        epsilon = self._epsilon.at(episode)
        learning = "XO" if self._opponent is None else "XO"[episode % 2]
        streams = {seat: self._stream(seat, seat in learning, episode) for seat in "XO"}
        # What each learner chose last and has not yet been told the worth of.
        waiting: dict[str, tuple[Row, int]] = {}
        game = self._game
        game.reset()
        while not game.terminations["X"]:
            mark = game.agent_selection
            if mark in learning:
                cell, choice = self._choose(board_text(game.board), epsilon, streams[mark])
                if mark in waiting:
                    _learn(waiting[mark], self._gamma * best_value(choice[0]), alpha)
                waiting[mark] = choice
            else:
                cell = self._opponent(game.board[:], mark, game.legal_actions(), streams[mark])
            game.step(cell)
        for seat, choice in waiting.items():
            _learn(choice, float(game.rewards[seat]), alpha)
        return game.rewards["X"]

    def _stream(self, seat: str, learns: bool, episode: int) -> random.Random:
        return episode_stream(f"{'learner' if learns else 'opponent'} {seat}", self._seed, episode)

    def _choose(self, board: str, epsilon: float, stream: random.Random) -> tuple[int, tuple[Row, int]]:
        form, origin = self.table.form(board)
        row = self.table.row(form)
        if stream.random() < epsilon:
            cells = free_cells(form)
            at = cells[int(stream.random() * len(cells))]
        else:
            # The lowest cell of the form among equals, as in the policy that the table becomes.
            at = row.index(best_value(row))
        return origin[at], (row, at)


def _learn(choice: tuple[Row, int], target: float, alpha: float) -> None:
    row, at = choice
    row[at] += alpha * (target - row[at])
