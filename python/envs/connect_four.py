"""Connect four on seven columns of six. A move is a column, 0 to 6 from the left; X moves first. Nothing is drawn by chance.

The winner is rewarded with 1, the loser with -1, and a draw with 0 for both, all on the last move. An observation is
`{board, player}`: 42 of None, "X" and "O", row by row from the top, and whose move it is. See
`sameseed/play/builtin_environments.py` for what every file of this folder defines.
"""

from __future__ import annotations

import random

from sameseed.play.choice import Choice
from sameseed.play.sampling import pick

GAME = {"seats": ["X", "O"], "policies": ["greedy"], "columns": 7}

COLUMNS, ROWS = 7, 6
_CELLS = COLUMNS * ROWS
_SPACE = Choice(COLUMNS, "columns")


def _lines() -> tuple[tuple[int, ...], ...]:
    found = []
    for row in range(ROWS):
        for column in range(COLUMNS):
            for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
                if row + 3 * down < ROWS and 0 <= column + 3 * right < COLUMNS:
                    found.append(tuple((row + at * down) * COLUMNS + column + at * right for at in range(4)))
    return tuple(found)


LINES = _lines()
THROUGH = tuple(tuple(tuple(c for c in line if c != cell) for line in LINES if cell in line) for cell in range(_CELLS))


def _landing(board: list, column: int) -> int:
    """The cell that a mark falls to in a column that is not full."""
    cell = column + _CELLS - COLUMNS
    while board[cell] is not None:
        cell -= COLUMNS
    return cell


def _completes(board: list, cell: int, mark: str) -> bool:
    return any(board[a] == mark and board[b] == mark and board[c] == mark for a, b, c in THROUGH[cell])


class Environment:
    """One game. `step` raises ValueError for a move that is not legal."""

    metadata = {"name": "connect_four", "is_parallelizable": False}
    possible_agents = ("X", "O")
    draws = False

    def __init__(self) -> None:
        self.reset()

    def reset(self, seed: int | None = None, options: dict | None = None) -> None:
        """Starts over; the seed decides nothing."""
        self.board: list[str | None] = [None] * _CELLS
        self.agents = ["X", "O"]
        self.agent_selection = "X"
        self.rewards = {"X": 0, "O": 0}
        self.terminations = {"X": False, "O": False}
        self.truncations = {"X": False, "O": False}
        self.infos: dict[str, dict] = {"X": {}, "O": {}}

    def action_space(self, agent: str) -> Choice:
        """The columns; which of them are full, the board says."""
        return _SPACE

    def observe(self, agent: str) -> dict:
        """The board as a list of 42, and whose move it is."""
        return {"board": self.board[:], "player": self.agent_selection}

    def legal_actions(self) -> list[int]:
        """The columns that are not full, in ascending order."""
        return [column for column in range(COLUMNS) if self.board[column] is None]

    def step(self, action: int | None) -> None:
        """Drops the mark of the agent that is to move; None takes a finished game's agents out."""
        if self.terminations["X"]:
            if action is not None:
                raise ValueError("the game is over")
            self.agents.clear()
            return
        if not _SPACE.contains(action) or self.board[action] is not None:
            raise ValueError(f"{action!r} is not a column with room")
        board, mark = self.board, self.agent_selection
        cell = _landing(board, action)
        board[cell] = mark
        other = self.agent_selection = "O" if mark == "X" else "X"
        if _completes(board, cell, mark):
            self.rewards = {mark: 1, other: -1}
        elif None in board[:COLUMNS]:
            return
        self.terminations = {"X": True, "O": True}

    def render(self) -> str:
        """The board as text."""
        cells = [mark or "." for mark in self.board]
        return "".join(f"{' '.join(cells[row : row + COLUMNS])}\n" for row in range(0, _CELLS, COLUMNS))

    def close(self) -> None:
        """Nothing is held."""


def choose_greedy(board: list, player: str, legal: list, rng: random.Random) -> int:
    """Wins where it can, else blocks, else any legal move; where several columns do, each as likely."""
    other = "O" if player == "X" else "X"
    for mark in (player, other):
        columns = [column for column in legal if _completes(board, _landing(board, column), mark)]
        if columns:
            return pick(columns, rng)
    return pick(legal, rng)


POLICIES = {"greedy": choose_greedy}
