"""A table of action values of tic-tac-toe, one row for each board that no turning or mirroring makes the same.

A board is a text of nine: `X`, `O`, and `.` for an empty cell, row by row. Its form is the first, in the order of
texts, of the eight that turning and mirroring make of it; rows are kept by form. A row has a value for each cell of the
form, None where the cell is taken. Whose turn it is, and so whose value it is, follows from the number of marks.
"""

from __future__ import annotations

Row = list[float | None]


def _turned(cells: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(cells[at] for at in (6, 3, 0, 7, 4, 1, 8, 5, 2))


def _mirrored(cells: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(cells[at] for at in (2, 1, 0, 5, 4, 3, 8, 7, 6))


def _all_turns() -> tuple[tuple[int, ...], ...]:
    turns = [tuple(range(9))]
    for _ in range(3):
        turns.append(_turned(turns[-1]))
    return tuple(sorted(turns + [_mirrored(turn) for turn in turns]))


# Which cell of the board each cell of the result is taken from.
TURNS = _all_turns()


def board_text(cells: list[str | None]) -> str:
    """An environment's board as a text of nine."""
    return "".join([mark or "." for mark in cells])


def free_cells(board: str) -> list[int]:
    """The empty cells, in ascending order."""
    return [cell for cell, mark in enumerate(board) if mark == "."]


class QTable:
    """Rows by form. `initial` is the value of a cell that was never taken."""

    def __init__(self, rows: dict[str, Row], initial: float) -> None:
        self.rows = rows
        self._initial = initial
        # At most 5,478 boards can be asked for.
        self._forms: dict[str, tuple[str, tuple[int, ...]]] = {}

    def form(self, board: str) -> tuple[str, tuple[int, ...]]:
        """The board's form, and for each cell of the form the cell of the board."""
        found = self._forms.get(board)
        if found is None:
            found = self._forms[board] = min(("".join([board[cell] for cell in turn]), turn) for turn in TURNS)
        return found

    def row(self, form: str) -> Row:
        """The row of a form, made where it is new."""
        row = self.rows.get(form)
        if row is None:
            row = self.rows[form] = [self._initial if mark == "." else None for mark in form]
        return row


def best_value(row: Row) -> float:
    """The value of the best cell of a row."""
    return max([value for value in row if value is not None])
