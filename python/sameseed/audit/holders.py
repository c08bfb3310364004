"""What a trace knows of the objects and modules that it has met, whichever of their functions looked.

An address does not say which object lies there: one that died leaves its place to the next. Were that which is known kept by
address alone, a line that gives the next one what the last one had would be left out where the two share a place, and written
where they do not: the trace itself would depend on the layout of memory, and name that line.
"""

from __future__ import annotations

import weakref
from typing import Any


class Holder:
    """One object's attributes, or one module's globals."""

    def __init__(self, value: Any) -> None:
        # The last digest of each name.
        self.digests: dict[str, bytes] = {}
        # Those whose value this episode has given them.
        self.given: set[str] = set()
        try:
            self._value: weakref.ref | None = weakref.ref(value)
        except TypeError:  # a dictionary of globals, and objects that can have no weak reference
            self._value = None

    def is_of(self, value: Any) -> bool:
        return self._value is None or self._value() is value


class Holders:
    """Those of one thread."""

    def __init__(self) -> None:
        self._known: dict[int, Holder] = {}

    def of(self, value: Any) -> Holder:
        """What is known of this object, and not of an earlier one at its address."""
        known = self._known.get(id(value))
        if known is None or not known.is_of(value):
            known = self._known[id(value)] = Holder(value)
        return known

    def begin_episode(self) -> None:
        """What has a value now is older than the episode."""
        for known in self._known.values():
            known.given.clear()
