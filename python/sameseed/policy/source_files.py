"""Imports a source file that was put into the sandbox, as a module named after it."""

from __future__ import annotations

import importlib.util
import os
import sys
from types import CodeType, ModuleType

from ..world.sealed import boundary


def enter_folder(folder: str) -> None:
    """Makes a folder the one that files are opened in and modules are imported from first."""
    os.chdir(folder)
    sys.path.insert(0, folder)


def import_file(path: str) -> ModuleType:
    """Runs the file as a module and returns it; raises FileNotFoundError, SyntaxError or what the file raises."""
    return run_module(path, compile_file(path))


def compile_file(path: str) -> CodeType:
    """Compiles the file; raises FileNotFoundError, or SyntaxError or ValueError where it is not Python."""
    with open(path, "rb") as file:
        source = file.read()
    return compile(source, path, "exec", dont_inherit=True)


def run_module(path: str, code: CodeType) -> ModuleType:
    """Runs the code of a file as a module and returns it.

    A name that is taken already (a file called `random.py`) gets the prefix `file_`, because replacing a loaded module
    would break whoever imports it next. Nothing is written beside the file.
    """
    name = os.path.splitext(os.path.basename(path))[0]
    if name in sys.modules or name in sys.stdlib_module_names:
        name = f"file_{name}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None:
        raise ImportError(f"{os.path.basename(path)} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    # What was asked of the world to get here is not the file's doing.
    boundary(0)
    exec(code, module.__dict__)
    return module
