"""Loads a policy for a seat and makes one function of it, whichever of its two spellings it has."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable

from ..play.seeds import seed_globals
from .source_files import compile_file, run_module

try:
    import numpy as np
except ImportError:  # a plain Python image
    np = None

Choose = Callable[[object, dict], object]

_PLAIN = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD


class BadPolicy(Exception):
    """The file does not compile, or defines no policy."""


def load(path: str, seat: str, seed: int) -> Choose:
    """Seeds this process, runs the file and its `init`, and returns what answers (observation, info).

    Raises BadPolicy, which only this function does, or whatever the policy raises.
    """
    seed_globals(seed)
    try:
        code = compile_file(path)
    except (SyntaxError, ValueError) as error:
        raise BadPolicy(f"the policy does not compile: {error}") from error
    names = _foreign(run_module, path, code).__dict__
    choose_action, act, init = names.get("choose_action"), names.get("act"), names.get("init")
    if callable(choose_action):
        rng: object = random.Random(seed)
        choose = _by_board(choose_action, act if callable(act) else None, rng)
    elif callable(act):
        rng = random.Random(seed) if np is None else np.random.Generator(np.random.PCG64(seed))
        choose = _by_observation(act, rng)
    else:
        raise BadPolicy(
            "the policy defines neither act(observation, rng, info) nor choose_action(board, player, rng)"
        )
    if callable(init):
        _foreign(init, seat, rng)
    return choose


def _foreign(function: Callable, *args: object) -> object:
    """Calls the policy's own code, which may know BadPolicy by name and says nothing by raising it."""
    try:
        return function(*args)
    except BadPolicy as error:
        raise RuntimeError(f"the policy raised BadPolicy: {error}") from error


def _by_board(choose_action: Callable, act: Callable | None, rng: object) -> Choose:
    other = None if act is None else _by_observation(act, rng)

    def choose(observation: object, info: dict) -> object:
        if type(observation) is dict and "board" in observation:
            return choose_action(observation["board"], observation["player"], rng)
        if other is not None:
            return other(observation, info)
        raise TypeError("there is no board here for choose_action(board, player, rng); define act(observation, rng, info)")

    return choose


def _by_observation(act: Callable, rng: object) -> Choose:
    if _takes_info(act):
        return lambda observation, info: act(observation, rng, info)
    return lambda observation, info: act(observation, rng)


def _takes_info(act: Callable) -> bool:
    try:
        parameters = inspect.signature(act).parameters.values()
    except (TypeError, ValueError):
        return True
    kinds = [parameter.kind for parameter in parameters]
    return inspect.Parameter.VAR_POSITIONAL in kinds or len([kind for kind in kinds if kind in _PLAIN]) >= 3
