"""The policies that play in the referee: they are Sameseed's own, so they need no sandbox of their own.

Each is a function from (board, player, legal, rng) to a move; `rng` is the seat's own stream, and a policy draws from it
only where it has a choice to make.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable

from .own_games import LINES

Move = Callable[[list, str, list, random.Random], int]


def choose_random(board: list, player: str, legal: list, rng: random.Random) -> int:
    """Any legal move, each as likely."""
    return _any(legal, rng)


def choose_greedy(board: list, player: str, legal: list, rng: random.Random) -> int:
    """Wins where it can, else blocks, else any legal move; where several cells do, each as likely."""
    cells = _completing(board, player) or _completing(board, "O" if player == "X" else "X") or legal
    return _any(cells, rng)


def choose_minimax(board: list, player: str, legal: list, rng: random.Random) -> int:
    """Any of the moves that are best against perfect play, each as likely."""
    return _any(_best("".join(mark or "." for mark in board)), rng)


POLICIES: dict[str, Move] = {"random": choose_random, "greedy": choose_greedy, "minimax": choose_minimax}


def _any(moves: list | tuple, rng: random.Random) -> int:
    # What `random.choice` does has changed between versions of Python; `_randbelow` underneath has not, and the number
    # of bits drawn here depends on nothing but the number of moves.
    count = len(moves)
    if count == 1:
        return moves[0]
    bits = count.bit_length()
    drawn = rng.getrandbits(bits)
    while drawn >= count:
        drawn = rng.getrandbits(bits)
    return moves[drawn]


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
