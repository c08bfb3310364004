"""Makes the environment of a game: Sameseed's own, or any AEC environment of PettingZoo's classic family."""

from __future__ import annotations

import importlib
import pkgutil

from .actions import coerce
from .environment import _check_arguments, _suggest
from .failures import IllegalAction, UnknownEnvironment
from .own_games import TicTacToe

_OWN = {"tictactoe": TicTacToe}
_FAMILY = "pettingzoo.classic"


def make_game(ref: dict, env_args: dict) -> object:
    """Makes the environment of `{"kind": "game", "id"}` or `{"kind": "pettingzoo", "id"}`."""
    if ref["kind"] == "pettingzoo":
        return _from_pettingzoo(ref["id"], env_args)
    create = _OWN.get(ref["id"])
    if create is None:
        raise UnknownEnvironment(f"there is no game {ref['id']}{_suggest(ref['id'], _OWN)}")
    if env_args:
        raise UnknownEnvironment(f"{ref['id']} takes no arguments")
    return create()


def agents_of(env: object, seats: int) -> list[str]:
    """The agents in the order of the seats; raises UnknownEnvironment where there are not as many."""
    agents = list(env.possible_agents)
    if len(agents) != seats:
        raise UnknownEnvironment(f"the game has {len(agents)} seats, and {seats} policies were given")
    return agents


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
            known = [found.name for found in pkgutil.iter_modules(family.__path__) if found.name[-1:].isdigit()]
            raise UnknownEnvironment(f"this image has no environment {name}{_suggest(name, known)}") from None
        raise UnknownEnvironment(f"{name} needs the module {error.name}, which is not in this image") from None
    create = getattr(module, "env", None)
    if not callable(create):
        raise UnknownEnvironment(f"{_FAMILY}.{name} has no env()")
    _check_arguments(create, name, env_args)
    try:
        return create(**env_args)
    except ImportError as error:
        raise UnknownEnvironment(f"{name} needs a package that is not in this image: {error}") from None


def legal_actions(env: object, agent: str, observation: object) -> list | None:
    """The numbers of the legal actions, where the environment says which they are."""
    own = getattr(env, "legal_actions", None)
    if own is not None:
        return own()
    mask = observation.get("action_mask") if type(observation) is dict else None
    if mask is None:
        info = env.infos.get(agent)
        mask = info.get("action_mask") if type(info) is dict else None
    return None if mask is None else [number for number, legal in enumerate(mask) if legal]


def checked_action(env: object, agent: str, legal: list | None, value: object) -> object:
    """The action that a plain value stands for; raises IllegalAction where it stands for none or may not be taken."""
    own = type(env) is TicTacToe
    if own:
        if type(value) is int and value in legal:
            return value
        if type(value).__module__ == "numpy" and getattr(value, "shape", None) == () and value.dtype.kind in "iu":
            value = int(value)
    action = coerce(env.action_space(agent), value)
    if legal is not None and int(action) not in legal:
        error = IllegalAction(f"{int(action)} is not one of the legal actions {_shown(legal)}")
        error.value = value
        raise error
    return action


def _shown(legal: list) -> str:
    return str(legal) if len(legal) <= 20 else f"[{', '.join(map(str, legal[:20]))}, …]"
