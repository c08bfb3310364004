"""Forgetting to seed is an error, not noise: in a sealed zygote the global generators refuse to draw until they are seeded.

The functions of `random` and `numpy.random` are bound methods of one generator each, as attributes of their modules. A
poisoned module has functions in their place that raise; seeding puts the bound methods back. The generators themselves are
not touched, so nothing can be told afterwards. What a module took out of them before (`from random import choice`) keeps
working: such a module was imported by the zygote, and what it draws follows from no seed but the zygote's own constant.
"""

from __future__ import annotations

import random
from types import ModuleType
from typing import Any, Callable

try:
    import numpy as np
except ImportError:  # a plain Python image
    np = None

_SEEDING = ("seed", "setstate", "set_state", "set_bit_generator")
_HARMLESS = ("getstate", "get_state", "get_bit_generator")
# numpy has these as plain functions around the generator's methods.
_WRAPPED = ("seed", "set_bit_generator", "ranf", "sample")

# Module -> what it had before it was poisoned.
_kept: dict[str, tuple[ModuleType, dict[str, Any]]] = {}


class UnseededError(RuntimeError):
    """A global generator was drawn from before anything seeded it."""


def poison() -> None:
    """Takes the drawing functions out of both modules."""
    _poison(random, random._inst)
    if np is not None:
        _poison(np.random, np.random.mtrand._rand)


def lift() -> None:
    """Puts them back; does nothing where they are there."""
    for module, functions in _kept.values():
        module.__dict__.update(functions)
    _kept.clear()


def _poison(module: ModuleType, generator: object) -> None:
    functions = {
        name: value
        for name, value in vars(module).items()
        if (getattr(value, "__self__", None) is generator or name in _WRAPPED) and name not in _HARMLESS
    }
    _kept[module.__name__] = (module, functions)
    for name, function in functions.items():
        guard = _lifting(module, function) if name in _SEEDING else _refusing(f"{module.__name__}.{name}")
        setattr(module, name, guard)


def _lifting(module: ModuleType, function: Callable[..., Any]) -> Callable[..., Any]:
    def seed(*args: Any, **kwargs: Any) -> Any:
        kept = _kept.pop(module.__name__, None)
        if kept is not None:
            module.__dict__.update(kept[1])
        return function(*args, **kwargs)

    return seed


def _refusing(name: str) -> Callable[..., Any]:
    def refuse(*_: Any, **__: Any) -> Any:
        raise UnseededError(
            f"{name}() before the harness seeded it: what it draws would follow from no seed. "
            f"Seed it first ({name.rpartition('.')[0]}.seed(…)), or draw from a generator of your own"
        )

    return refuse
