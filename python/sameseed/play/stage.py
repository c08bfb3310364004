"""Makes what the referee plays on: the environment of a rollout behind one of its two interfaces."""

from __future__ import annotations

import importlib
import pkgutil

from .builtin_environments import known, load
from .environment import check_arguments, foreign_code, from_file, from_gymnasium, suggest
from .failures import UnknownEnvironment
from .one_agent import OneAgent
from .shipped_environments import PREFIX, shipped
from .turn_taking import TurnTaking

Stage = OneAgent | TurnTaking

_FAMILY = "pettingzoo.classic"


def make_stage(ref: dict, env_args: dict, seats: int) -> Stage:
    """Makes the environment of `{"kind": "gymnasium" | "builtin" | "pettingzoo", "id"}` or `{"kind": "file", "path", "class"}`.

    Raises UnknownEnvironment where the caller asked for what cannot be had, and whatever the environment raises.
    """
    kind = ref["kind"]
    if kind == "builtin":
        return _builtin(ref["id"], env_args, seats)
    if kind == "pettingzoo":
        return TurnTaking(_from_pettingzoo(ref["id"], env_args), seats, {})
    if kind == "file":
        env = from_file(ref["path"], ref["class"], env_args)
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
        raise UnknownEnvironment("this image has no pettingzoo; use one that has, such as `pettingzoo`") from None
    try:
        module = importlib.import_module(f"{_FAMILY}.{name}")
    except ModuleNotFoundError as error:
        if error.name == f"{_FAMILY}.{name}":
            names = [found.name for found in pkgutil.iter_modules(family.__path__) if found.name[-1:].isdigit()]
            raise UnknownEnvironment(f"this image has no environment {name}{suggest(name, names)}") from None
        raise UnknownEnvironment(f"{name} needs the module {error.name}, which is not in this image") from None
    create = getattr(module, "env", None)
    if not callable(create):
        raise UnknownEnvironment(f"{_FAMILY}.{name} has no env()")
    check_arguments(create, name, env_args)
    try:
        with foreign_code():
            return create(**env_args)
    except ImportError as error:
        raise UnknownEnvironment(f"{name} needs a package that is not in this image: {error}") from None
