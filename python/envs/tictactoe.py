"""Tic-tac-toe. Cells are numbered row by row from 0 to 8; X moves first. Nothing in here is drawn by chance.

The winner is rewarded with 1, the loser with -1, and a draw with 0 for both, all on the last move. An observation is
`{board, player}`: nine of None, "X" and "O", and whose move it is. See `sameseed/play/builtin_environments.py` for what
every file of this folder defines.
"""

from __future__ import annotations

import functools
import random

from sameseed.play.choice import Choice
from sameseed.play.sampling import pick

GAME = {"seats": ["X", "O"], "policies": ["greedy", "minimax"], "columns": 3}

LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))
THROUGH = tuple(tuple(tuple(c for c in line if c != cell) for line in LINES if cell in line) for cell in range(9))

_CELLS = Choice(9, "cells")


class Environment:
    """One game. `step` raises ValueError for a move that is not legal."""

    metadata = {"name": "tictactoe", "is_parallelizable": False}
    possible_agents = ("X", "O")
    draws = False

    def __init__(self) -> None:
        self.reset()

    def reset(self, seed: int | None = None, options: dict | None = None) -> None:
        """Starts over; the seed decides nothing."""
        self.board: list[str | None] = [None] * 9
        self.agents = ["X", "O"]
        self.agent_selection = "X"
        self.rewards = {"X": 0, "O": 0}
        self.terminations = {"X": False, "O": False}
        self.truncations = {"X": False, "O": False}
        self.infos: dict[str, dict] = {"X": {}, "O": {}}
        self._moves = 0

    def action_space(self, agent: str) -> Choice:
        """The cells; which of them are empty, the board says."""
        return _CELLS

    def observe(self, agent: str) -> dict:
        """The board as a list of nine, and whose move it is."""
        return {"board": self.board[:], "player": self.agent_selection}

    def last(self, observe: bool = True) -> tuple:
        """What the agent that is to move sees, as in PettingZoo."""
        agent = self.agent_selection
        seen = self.observe(agent) if observe else None
        return seen, self.rewards[agent], self.terminations[agent], self.truncations[agent], self.infos[agent]

    def legal_actions(self) -> list[int]:
        """The empty cells, in ascending order."""
        return [cell for cell, mark in enumerate(self.board) if mark is None]

    def step(self, action: int | None) -> None:
        """Puts the mark of the agent that is to move; None takes a finished game's agents out."""
        if self.terminations["X"]:
            if action is not None:
                raise ValueError("the game is over")
            self.agents.clear()
            return
        if not _CELLS.contains(action) or self.board[action] is not None:
            raise ValueError(f"{action!r} is not an empty cell")
        board, mark = self.board, self.agent_selection
        board[action] = mark
        self._moves += 1
        other = self.agent_selection = "O" if mark == "X" else "X"
        for a, b in THROUGH[action]:
            if board[a] == mark and board[b] == mark:
                self.rewards = {mark: 1, other: -1}
                break
        else:
            if self._moves < 9:
                return
        self.terminations = {"X": True, "O": True}

    def render(self) -> str:
        """The board as text."""
        cells = [mark or "." for mark in self.board]
        return "".join(f"{' '.join(cells[row : row + 3])}\n" for row in range(0, 9, 3))

    def close(self) -> None:
        """Nothing is held."""


def choose_greedy(board: list, player: str, legal: list, rng: random.Random) -> int:
    """Wins where it can, else blocks, else any legal move; where several cells do, each as likely."""
    cells = _completing(board, player) or _completing(board, "O" if player == "X" else "X") or legal
    return pick(cells, rng)


def choose_minimax(board: list, player: str, legal: list, rng: random.Random) -> int:
    """Any of the moves that are best against perfect play, each as likely."""
    return pick(_best("".join(mark or "." for mark in board)), rng)


POLICIES = {"greedy": choose_greedy, "minimax": choose_minimax}


def warm() -> None:
    """Finds the best moves of all boards once, for all copies of the interpreter."""
    _best("." * 9)


def _completing(board: list, player: str) -> list[int]:
    cells = set()
    for line in LINES:
        marks = [board[cell] for cell in line]
        if marks.count(player) == 2 and None in marks:
            cells.add(line[marks.index(None)])
    return sorted(cells)


def _mover(board: str) -> str:
    return "X" if board.count(".") % 2 else "O"


@functools.cache
def _value(board: str) -> int:
    """What perfect play brings the player to move: 1, 0 or -1."""
    # The mover did not make the last move, so a finished line is the other's.
    for a, b, c in LINES:
        if board[a] != "." and board[a] == board[b] == board[c]:
            return -1
    if "." not in board:
        return 0
    return max(_after(board, cell) for cell in range(9) if board[cell] == ".")


def _after(board: str, cell: int) -> int:
    return -_value(board[:cell] + _mover(board) + board[cell + 1 :])


@functools.cache
def _best(board: str) -> tuple[int, ...]:
    value = _value(board)
    return tuple(cell for cell in range(9) if board[cell] == "." and _after(board, cell) == value)
