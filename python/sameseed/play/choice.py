"""The action space of the built-in environments."""

from __future__ import annotations


class Choice:
    """A whole number from 0 to n - 1; a bool is none."""

    def __init__(self, n: int, what: str) -> None:
        self.n = n
        self._what = what

    def contains(self, action: object) -> bool:
        """Whether it is one of the numbers."""
        return type(action) is int and 0 <= action < self.n

    def __repr__(self) -> str:
        return f"the {self._what} 0 to {self.n - 1}"
