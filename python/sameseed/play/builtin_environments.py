"""The environments that come with Sameseed: one file each in `envs/` beside this package, known by the file's name.

Such a file has `GAME`, a JSON object on one line that the host reads too: `seats`, their names in the order of play, and
`policies`, the names of the built-in policies that know the game. It defines `Environment`, with the interface of
PettingZoo's AEC environments, and `POLICIES`, a function `(board, player, legal, rng) -> move` for each of those names.
`Environment.draws` is False where nothing in it is left to chance.

They are imported under names of their own: a module `envs` in this process would give a file `envs.py` of the user's
another name, and the types it defines with it.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from types import ModuleType

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_FOLDER = os.path.join(os.path.dirname(_PACKAGE), "envs")


def known() -> list[str]:
    """The names of all built-in environments."""
    return sorted(name[:-3] for name in os.listdir(_FOLDER) if name.endswith(".py"))


def load(name: str) -> ModuleType:
    """The module of a built-in environment; KeyError where there is none of that name."""
    full = f"sameseed.envs.{name}"
    module = sys.modules.get(full)
    if module is not None:
        return module
    path = os.path.join(_FOLDER, f"{name}.py")
    if not name.isidentifier() or not os.path.isfile(path):
        raise KeyError(name)
    spec = importlib.util.spec_from_file_location(full, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    spec.loader.exec_module(module)
    return module
