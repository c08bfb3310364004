"""A space as a plain value: what Gymnasium's `Space` holds, save its generator.

A space may be of a class that nobody here knows, and asking it runs its code. What cannot be told is left out; nothing
here ends an episode.

docs/trajectory-format.md, section 7, is the specification.
"""

from __future__ import annotations

from collections.abc import Callable

from ..recording.canonical import encode
from ..recording.canonical_tags import type_name
from .space_kinds import kind_of

try:
    import numpy as np
except ImportError:  # a plain Python image
    np = None

_MOST_BYTES = 1 << 20


def told_spaces(action: object, observation: object) -> dict:
    """What is recorded of the spaces of one seat: each that can be told."""
    told = {"action": space_state(action), "observation": space_state(observation)}
    return {name: state for name, state in told.items() if state is not None}


def space_state(space: object) -> dict | None:
    """The state of a space; None for what is no space, or cannot be told."""
    if space is None:
        return None
    try:
        state = _state(space)
        # What has no encoding, or a very long one, is not told at all.
        return state if len(encode(state)) <= _MOST_BYTES else {"type": state["type"]}
    except Exception:
        return None


def _state(space: object) -> dict:
    name = kind_of(space)
    if name == "Choice":
        return {"type": "Discrete", "n": space.n, "start": 0, "dtype": "int64"}
    tell = _TELLERS.get(name)
    if tell is not None:
        return {"type": name, **tell(space)}
    return {"type": type_name(type(space))}


def _bound(bound: object, space: object) -> object:
    """One number where all are the same; else a copy, because the environment may change its own."""
    array = np.array(bound, dtype=space.dtype)
    if array.size > 0 and (array == array.flat[0]).all():
        return array.flat[0]
    return array


def _shaped(space: object) -> dict:
    return {"dtype": np.dtype(space.dtype).name, "shape": list(map(int, space.shape))}


def _box(space: object) -> dict:
    return {**_shaped(space), "low": _bound(space.low, space), "high": _bound(space.high, space)}


def _discrete(space: object) -> dict:
    return {"n": int(space.n), "start": int(space.start), "dtype": np.dtype(space.dtype).name}


def _multi_discrete(space: object) -> dict:
    # From 0.29 on.
    start = getattr(space, "start", None)
    if start is None:
        start = np.zeros(space.shape, space.dtype)
    return {**_shaped(space), "nvec": np.array(space.nvec), "start": np.array(start)}


def _text(space: object) -> dict:
    # The characters are a set; in an order of their own they are the same everywhere.
    charset = "".join(sorted(space.character_set))
    return {"min_length": int(space.min_length), "max_length": int(space.max_length), "charset": charset}


def _dict(space: object) -> dict:
    return {"spaces": [[key, _state(part)] for key, part in space.spaces.items()]}


def _parts(space: object) -> dict:
    return {"spaces": [_state(part) for part in space.spaces]}


def _sequence(space: object) -> dict:
    return {"feature_space": _state(space.feature_space), "stack": bool(getattr(space, "stack", False))}


def _graph(space: object) -> dict:
    edge = space.edge_space
    return {"node_space": _state(space.node_space), "edge_space": None if edge is None else _state(edge)}


_TELLERS: dict[str, Callable[[object], dict]] = {
    "Box": _box,
    "Discrete": _discrete,
    "MultiDiscrete": _multi_discrete,
    "MultiBinary": _shaped,
    "Dict": _dict,
    "Tuple": _parts,
    "Text": _text,
    "Sequence": _sequence,
    "OneOf": _parts,
    "Graph": _graph,
}
