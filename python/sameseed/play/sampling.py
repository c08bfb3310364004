"""Draws from a list in the same way in every version of Python."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def pick(items: Sequence[Item], rng: random.Random) -> Item:
    """One of the items, each as likely; draws nothing where there is only one.

    What `random.choice` does has changed between versions of Python; `getrandbits` underneath has not, and the number of
    bits drawn here depends on nothing but the number of items.
    """
    count = len(items)
    if count == 1:
        return items[0]
    bits = count.bit_length()
    drawn = rng.getrandbits(bits)
    while drawn >= count:
        drawn = rng.getrandbits(bits)
    return items[drawn]
