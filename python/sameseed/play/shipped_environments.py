"""The environments with one agent that come with Sameseed: one file each in `envs/single/`, known by its line `ID = "…"`.

Such a file defines `Environment`, with Gymnasium's interface. It runs in every image, with gymnasium or without.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys

from .environment import check_arguments, foreign_code, suggest
from .failures import UnknownEnvironment

PREFIX = "sameseed/"

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_FOLDER = os.path.join(os.path.dirname(_PACKAGE), "envs", "single")
_ID = re.compile(r'^ID = "([^"]+)"$', re.MULTILINE)


def known() -> dict[str, str]:
    """The file of each such environment, by its id."""
    found = {}
    for name in sorted(os.listdir(_FOLDER)):
        if not name.endswith(".py"):
            continue
        path = os.path.join(_FOLDER, name)
        with open(path, encoding="utf-8") as file:
            match = _ID.search(file.read())
        if match:
            found[match[1]] = path
    return found


def shipped(id: str, env_args: dict) -> object:
    """Makes such an environment; raises UnknownEnvironment where there is none of that id, or arguments do not fit."""
    files = known()
    path = files.get(id)
    if path is None:
        raise UnknownEnvironment(f"Sameseed has no environment {id}{suggest(id, files)}")
    full = f"sameseed.envs.{os.path.basename(path)[:-3]}"
    module = sys.modules.get(full)
    if module is None:
        spec = importlib.util.spec_from_file_location(full, path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[full] = module
        spec.loader.exec_module(module)
    check_arguments(module.Environment, id, env_args)
    with foreign_code():
        return module.Environment(**env_args)
