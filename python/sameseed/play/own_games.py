"""The games that come with Sameseed, from `envs/` beside this package.

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


def _load(name: str) -> ModuleType:
    full = f"sameseed.envs.{name}"
    spec = importlib.util.spec_from_file_location(full, os.path.join(_FOLDER, f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[full] = module
    spec.loader.exec_module(module)
    return module


tictactoe = _load("tictactoe")
TicTacToe = tictactoe.TicTacToe
LINES: tuple[tuple[int, int, int], ...] = tictactoe.LINES
