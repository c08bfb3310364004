"""Gymnasium's spaces from what a server tells of them, and values as a space has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium import spaces as gym

from .errors import SameseedError


def to_space(told: Any) -> gym.Space[Any]:
    """A space; raises where the environment has none that Gymnasium knows."""
    make = _MAKERS.get(told["type"]) if isinstance(told, dict) else None
    if make is None:
        name = told.get("name") if isinstance(told, dict) else None
        raise SameseedError(
            "bad_argument",
            f"the environment's space {name or ''} is none of Gymnasium's",
            "use sameseed.Rollout, which takes and gives plain values",
        )
    return make(told)


def _box(told: dict[str, Any]) -> gym.Box:
    shape, dtype = tuple(told["shape"]), np.dtype(told["dtype"]).type
    # A bound that is the same everywhere comes without dimensions.
    low, high = (np.broadcast_to(told[name], shape).astype(dtype) for name in ("low", "high"))
    return gym.Box(low, high, shape, dtype)


def _discrete(told: dict[str, Any]) -> gym.Discrete:
    return gym.Discrete(int(told["n"]), start=int(told["start"]))


def _multi_discrete(told: dict[str, Any]) -> gym.MultiDiscrete:
    shape, dtype = tuple(told["shape"]), np.dtype(told["dtype"])
    counts, start = (np.broadcast_to(told[name], shape).astype(dtype) for name in ("nvec", "start"))
    return gym.MultiDiscrete(counts, dtype=dtype.type, start=start)


def _multi_binary(told: dict[str, Any]) -> gym.MultiBinary:
    return gym.MultiBinary(list(told["shape"]))


def _text(told: dict[str, Any]) -> gym.Text:
    return gym.Text(told["maxLength"], min_length=told["minLength"], charset=told["charset"])


def _dict(told: dict[str, Any]) -> gym.Dict:
    return gym.Dict([(key, to_space(space)) for key, space in told["spaces"]])


def _tuple(told: dict[str, Any]) -> gym.Tuple[Any]:
    return gym.Tuple([to_space(space) for space in told["spaces"]])


def _one_of(told: dict[str, Any]) -> gym.OneOf[Any]:
    return gym.OneOf([to_space(space) for space in told["spaces"]])


def _sequence(told: dict[str, Any]) -> gym.Sequence:
    return gym.Sequence(to_space(told["featureSpace"]), stack=told["stack"])


def _graph(told: dict[str, Any]) -> gym.Graph:
    edge = told["edgeSpace"]
    return gym.Graph(to_space(told["nodeSpace"]), None if edge is None else to_space(edge))


_MAKERS: dict[str, Callable[[dict[str, Any]], gym.Space[Any]]] = {
    "Box": _box,
    "Dict": _dict,
    "Discrete": _discrete,
    "Graph": _graph,
    "MultiBinary": _multi_binary,
    "MultiDiscrete": _multi_discrete,
    "OneOf": _one_of,
    "Sequence": _sequence,
    "Text": _text,
    "Tuple": _tuple,
}


def as_member(space: gym.Space[Any], value: Any) -> Any:
    """An observation as its space has it: what was a tuple comes as a list."""
    if isinstance(space, (gym.Tuple, gym.OneOf)) and isinstance(value, list):
        if isinstance(space, gym.OneOf):
            return (value[0], as_member(space.spaces[int(value[0])], value[1]))
        return tuple(as_member(part, item) for part, item in zip(space.spaces, value, strict=True))
    if isinstance(space, gym.Dict) and isinstance(value, dict):
        return {key: as_member(part, value[key]) for key, part in space.spaces.items()}
    if isinstance(space, gym.Sequence) and isinstance(value, list):
        return tuple(as_member(space.feature_space, item) for item in value)
    if isinstance(space, gym.Graph) and isinstance(value, list):
        return gym.GraphInstance(*value)
    if isinstance(space, gym.Discrete) and isinstance(value, np.ndarray) and value.ndim == 0:
        return value[()]
    return value


def as_action(value: Any) -> Any:
    """An action as it is sent: numbers of numpy's as Python's, tuples as lists, arrays as they are."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (tuple, list)):
        return [as_action(item) for item in value]
    if isinstance(value, dict):
        return {key: as_action(item) for key, item in value.items()}
    return value
