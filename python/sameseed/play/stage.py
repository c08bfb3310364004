"""Makes what the referee plays on: the environment of a rollout behind one of its three interfaces."""

from __future__ import annotations

import importlib
import os
import pkgutil

from .builtin_environments import known, load
from .environment import check_arguments, foreign_code, from_file, from_gymnasium, suggest
from .failures import UnknownEnvironment
from .missing import why_missing
from .one_agent import OneAgent
from .shipped_environments import PREFIX, shipped
from .together import Together, is_parallel
from .turn_taking import TurnTaking
from ..policy.source_files import enter_folder

Stage = OneAgent | Together | TurnTaking

_ZOO = "pettingzoo"
_FAMILY = f"{_ZOO}.classic"


def make_stage(ref: dict, env_args: dict, seats: int) -> Stage:
    """Makes the environment of `{"kind": "gymnasium" | "builtin" | "pettingzoo" | "parallel", "id"}` or `{"kind": "file", "path", "class"}`.

    `folder`, where there is one, holds what lies beside the environment.

    Raises UnknownEnvironment where the caller asked for what cannot be had, and whatever the environment raises.
    """
    kind = ref["kind"]
    if "folder" in ref:
        enter_folder(ref["folder"])
    if kind == "builtin":
        return _builtin(ref["id"], env_args, seats)
    if kind == "pettingzoo":
        return TurnTaking(_from_pettingzoo(ref["id"], env_args), seats, {})
    if kind == "parallel":
        return Together(_parallel(ref["id"], env_args), seats)
    if kind == "file":
        env = from_file(ref["path"], ref["class"], env_args)
        if is_parallel(env):
            return Together(env, seats)
    elif ref["id"].startswith(PREFIX):
        env = shipped(ref["id"], env_args)
    else:
        env = from_gymnasium(ref["id"], env_args)
    if seats != 1:
        raise UnknownEnvironment(f"the environment has one seat, and {seats} policies were given")
    return OneAgent(env)


def _builtin(name: str, env_args: dict, seats: int) -> TurnTaking:
    try:
        module = load(name)
    except KeyError:
        raise UnknownEnvironment(f"there is no built-in environment {name}{suggest(name, known())}") from None
    if env_args:
        check_arguments(module.Environment, name, env_args)
    return TurnTaking(module.Environment(**env_args), seats, module.POLICIES)


def _from_pettingzoo(name: str, env_args: dict) -> object:
    try:
        family = importlib.import_module(_FAMILY)
    except ModuleNotFoundError as error:
        if error.name is None or not (_FAMILY + ".").startswith(error.name + "."):
            raise
        raise UnknownEnvironment("this image has no module pettingzoo") from None
    try:
        module = importlib.import_module(f"{_FAMILY}.{name}")
    except ModuleNotFoundError as error:
        if error.name == f"{_FAMILY}.{name}":
            names = [found.name for found in pkgutil.iter_modules(family.__path__) if found.name[-1:].isdigit()]
            raise UnknownEnvironment(f"this image has no environment {name}{suggest(name, names)}") from None
        raise UnknownEnvironment(f"{name} needs the module {error.name}, which is not in this image") from None
    return _created(module, "env", name, env_args)


def _parallel(name: str, env_args: dict) -> object:
    """Calls `parallel_env()` of a module; a name without dots is one of PettingZoo's own."""
    path = name if "." in name else _in_pettingzoo(name)
    try:
        with foreign_code():
            module = importlib.import_module(path)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name and (path + ".").startswith(error.name + "."):
            raise UnknownEnvironment(f"this image has no module {error.name}") from None
        raise UnknownEnvironment(why_missing(name, error, True)) from error
    return _created(module, "parallel_env", name, env_args)


def _in_pettingzoo(name: str) -> str:
    try:
        zoo = importlib.import_module(_ZOO)
    except ModuleNotFoundError:
        raise UnknownEnvironment("this image has no module pettingzoo") from None
    names = {}
    for family in pkgutil.iter_modules(zoo.__path__, f"{_ZOO}."):
        if family.ispkg and family.name.rpartition(".")[2] not in ("utils", "test"):
            folder = os.path.join(os.path.dirname(zoo.__file__), family.name.rpartition(".")[2])
            names |= {found.name: f"{family.name}.{found.name}" for found in pkgutil.iter_modules([folder])}
    if name not in names:
        raise UnknownEnvironment(f"this image has no environment {name}{suggest(name, names)}")
    return names[name]


def _created(module: object, function: str, name: str, env_args: dict) -> object:
    create = getattr(module, function, None)
    if not callable(create):
        raise UnknownEnvironment(f"{module.__name__} has no {function}()")
    check_arguments(create, name, env_args)
    try:
        with foreign_code():
            return create(**env_args)
    except ImportError as error:
        raise UnknownEnvironment(f"{name} needs a package that is not in this image: {error}") from None
