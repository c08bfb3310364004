"""Loads a policy for a seat and makes one function of it, whichever of its two forms it has."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable

from ..play.seeding import seed_globals
from .source_files import import_file

try:
    import numpy as np
except ImportError:  # a plain Python image
    np = None

_PLAIN = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD


class BadPolicy(Exception):
    """The file does not compile."""


class NoPolicy(Exception):
    """The file defines no policy."""


def load(path: str, seat: str, seed: int) -> Callable[[object, dict], object]:
    """Seeds this process, runs the file and its `init`, and returns what answers (observation, info).

    Raises BadPolicy, NoPolicy or whatever the policy raises.
    """
    seed_globals(seed)
    try:
        names = import_file(path).__dict__
    except SyntaxError as error:
        raise BadPolicy(f"the policy does not compile: {error}") from error
    choose_action, act, init = names.get("choose_action"), names.get("act"), names.get("init")
    if callable(choose_action):
        rng: object = random.Random(seed)
        choose = _by_board(choose_action, act if callable(act) else None, rng)
    elif callable(act):
        rng = random.Random(seed) if np is None else np.random.Generator(np.random.PCG64(seed))
        choose = _by_observation(act, rng)
    else:
        raise NoPolicy("the policy has neither choose_action(board, player, rng) nor act(observation, rng, info)")
    if callable(init):
        init(seat, rng)
    return choose


def _by_board(choose_action: Callable, act: Callable | None, rng: object) -> Callable[[object, dict], object]:
    other = None if act is None else _by_observation(act, rng)

    def choose(observation: object, info: dict) -> object:
        if type(observation) is dict and "board" in observation:
            return choose_action(observation["board"], observation["player"], rng)
        if other is not None:
            return other(observation, info)
        raise NoPolicy("this game has no board for choose_action(board, player, rng); define act(observation, rng, info)")

    return choose


def _by_observation(act: Callable, rng: object) -> Callable[[object, dict], object]:
    if _takes_info(act):
        return lambda observation, info: act(observation, rng, info)
    return lambda observation, info: act(observation, rng)


def _takes_info(act: Callable) -> bool:
    try:
        parameters = inspect.signature(act).parameters.values()
    except (TypeError, ValueError):
        return True
    kinds = [parameter.kind for parameter in parameters]
    return inspect.Parameter.VAR_POSITIONAL in kinds or sum(kind in _PLAIN for kind in kinds) >= 3
