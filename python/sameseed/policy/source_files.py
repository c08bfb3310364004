"""Imports a source file that was put into the sandbox, as a module named after it."""

from __future__ import annotations

import importlib.util
import os
import sys
from types import ModuleType

from ..world.sealed import boundary


def import_file(path: str) -> ModuleType:
    """Runs the file as a module and returns it; raises FileNotFoundError, SyntaxError or what the file raises.

    A name that is taken already (a file called `random.py`) gets the prefix `file_`, because replacing a loaded module
    would break whoever imports it next. Nothing is written beside the file.
    """
    with open(path, "rb") as file:
        source = file.read()
    name = os.path.splitext(os.path.basename(path))[0]
    if name in sys.modules or name in sys.stdlib_module_names:
        name = f"file_{name}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None:
        raise ImportError(f"{os.path.basename(path)} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    code = compile(source, path, "exec", dont_inherit=True)
    sys.modules[name] = module
    # What was asked of the world to get here is not the file's doing.
    boundary(0)
    exec(code, module.__dict__)
    return module
