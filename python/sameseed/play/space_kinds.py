"""Which of the spaces that everybody knows a space is: those of Gymnasium, and of gym, which came before it.

They are told by their classes' names and packages, and never imported here: a class that one version has and another does
not is just never met.
"""

from __future__ import annotations

import sys

from ..recording.canonical_tags import module_name
from .choice import Choice

_LIBRARIES = ("gymnasium", "gym")
_NAMES = frozenset("Box Discrete MultiDiscrete MultiBinary Dict Tuple Text Sequence OneOf Graph".split())
# By the space's own class, found once.
_known: dict[type, str] = {Choice: "Choice"}


def kind_of(space: object) -> str:
    """The name of the class that a space is of, or inherits; empty for what is none of them."""
    kind = type(space)
    found = _known.get(kind)
    if found is None:
        found = _known[kind] = next((base.__name__ for base in kind.__mro__ if _is_known(base)), "")
    return found


def graph_instance(space: object, parts: tuple) -> object:
    """A sample of a Graph, as its own library makes it."""
    base = next(base for base in type(space).__mro__ if _is_known(base))
    return sys.modules[base.__module__].GraphInstance(*parts)


def _is_known(base: type) -> bool:
    return base.__name__ in _NAMES and module_name(base).split(".")[0] in _LIBRARIES
