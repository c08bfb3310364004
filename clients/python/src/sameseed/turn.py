"""Calls one after the other, in the process that opened what they are of."""

from __future__ import annotations

import os
import threading
from types import TracebackType

from .errors import SameseedError


class Turn:
    """A lock for everything that is open on a server: `with turn:`, which one thread may nest.

    A child of a fork has a copy of what its parent opened, with the parent's connection behind it: whoever of the two speaks first
    takes the other's answer. So only the process that made the lock enters it; the child may also have copied it while it was held.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._owner = os.getpid()

    @property
    def is_here(self) -> bool:
        """Whether this is the process that made it."""
        return self._owner == os.getpid()

    def __enter__(self) -> None:
        if not self.is_here:
            raise SameseedError(
                "bad_argument",
                "it was opened in another process, which alone can use it",
                "open it in the process that uses it, such as in the worker",
            )
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
