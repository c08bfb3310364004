"""Tic-tac-toe with the interface of PettingZoo's AEC environments, without needing PettingZoo.

Cells are numbered row by row from 0 to 8; X moves first. The winner is rewarded with 1, the loser with -1, and a draw
with 0 for both, all on the last move. Nothing in here is drawn by chance.
"""

from __future__ import annotations

LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))
THROUGH = tuple(tuple(tuple(c for c in line if c != cell) for line in LINES if cell in line) for cell in range(9))


class CellSpace:
    """The cells, as an action space: an integer from 0 to 8."""

    n = 9

    def contains(self, action: object) -> bool:
        """Whether it is a cell; a bool is none."""
        return type(action) is int and 0 <= action < 9

    def __repr__(self) -> str:
        return "the cells 0 to 8"


_CELLS = CellSpace()


class TicTacToe:
    """One game. `step` raises ValueError for a move that is not legal."""

    metadata = {"name": "tictactoe", "is_parallelizable": False}
    possible_agents = ("X", "O")

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

    def action_space(self, agent: str) -> CellSpace:
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

    def close(self) -> None:
        """Nothing is held."""
