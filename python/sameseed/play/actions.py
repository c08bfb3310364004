"""Turns a plain value into an action of a space, or refuses it.

The values come from a decoder or from JSON, so they are of plain types; their types are compared exactly, so that a
bool is no integer and nothing foreign is ever asked whether it equals something. The result has the form the space
itself samples: `numpy.int64` for Discrete, an array of the space's dtype for Box, and so on.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ..recording.canonical_tags import ForeignTuple
from .choice import Choice
from .failures import IllegalAction
from .space_kinds import graph_instance, kind_of

try:
    import numpy as np
except ImportError:  # a plain Python image
    np = None


def coerce(space: object, value: object) -> object:
    """The action of `space` that `value` stands for; raises IllegalAction where it stands for none."""
    try:
        action = _coerce(space, value)
    except IllegalAction as error:
        error.value = value
        raise
    except (ValueError, TypeError, OverflowError, RecursionError):
        action = None
        contained = False
    else:
        contained = _contains(space, action)
    if not contained:
        error = IllegalAction(f"{_show(value)} is not in {_show_space(space)}")
        error.value = value
        raise error
    return action


def restore(space: object, value: object) -> object:
    """A sample of `space` as it was before it was recorded; nothing is checked."""
    kind = kind_of(space)
    if kind == "Box" and isinstance(value, np.generic):
        return np.asarray(value, space.dtype)
    if kind == "Dict" and type(value) is dict:
        return {key: restore(space.spaces[key], value[key]) if key in value else None for key in space.spaces}
    if kind == "Tuple" and type(value) is tuple:
        return tuple(restore(part, item) for part, item in zip(space.spaces, value))
    if kind == "OneOf" and type(value) is tuple and len(value) == 2:
        return (value[0], restore(space.spaces[int(value[0])], value[1]))
    if kind == "Sequence" and type(value) is tuple:
        return tuple(restore(space.feature_space, item) for item in value)
    if kind == "Graph" and type(value) is ForeignTuple:
        return graph_instance(space, value)
    return value


def _contains(space: object, action: object) -> bool:
    contains = getattr(space, "contains", None)
    if contains is None:
        return True
    try:
        return bool(contains(action))
    except Exception:
        # A space that cannot even be asked about a value does not hold it.
        return False


def _coerce(space: object, value: object) -> object:
    return _CONVERTERS.get(kind_of(space), _as_it_is)(space, value)


def _as_it_is(space: object, value: object) -> object:
    return value


def _integer(value: object) -> int:
    if type(value) is int:
        return value
    if np is not None and isinstance(value, np.integer):
        return int(value)
    raise IllegalAction(f"{_show(value)} is not an integer")


def _choice(space: Choice, value: object) -> object:
    return value if type(value) is int else _integer(value)


def _discrete(space: object, value: object) -> object:
    number = _integer(value)
    if not int(space.start) <= number < int(space.start) + int(space.n):
        raise IllegalAction(f"{_show(value)} is not in {_show_space(space)}")
    return np.dtype(space.dtype).type(number)


def _numbers(value: object, kinds: tuple[type, ...]) -> None:
    """Refuses a nested list that holds anything but numbers of the given kinds."""
    for item in value:
        if type(item) is list:
            _numbers(item, kinds)
        elif type(item) not in kinds and not (isinstance(item, np.number) and item.dtype.kind in "iuf"):
            raise IllegalAction(f"{_show(item)} is not a number that belongs here")


def _array(space: object, value: object, floats: bool) -> object:
    dtype = np.dtype(space.dtype)
    if type(value) is tuple:
        value = list(value)
    if type(value) in (int, float) or type(value) is list:
        _numbers(value if type(value) is list else [value], (int, float) if floats else (int,))
        array = np.asarray(value) if value != [] else np.empty(0, dtype)
    elif isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
    else:
        raise IllegalAction(f"{_show(value)} is not an array")
    if array.dtype.kind not in ("iuf" if floats else "iu"):
        raise IllegalAction(
            f"{_show(value)} is not an array of {'numbers' if floats else 'integers'} that {dtype.name} can hold"
        )
    if array.shape != space.shape:
        raise IllegalAction(f"{_show(value)} is not of shape {space.shape}")
    with np.errstate(all="ignore"):
        cast = array.astype(dtype)
    if floats:
        if np.isnan(cast).any():
            raise IllegalAction("NaN is not an action")
    elif not (cast == array).all():
        raise IllegalAction(f"{_show(value)} does not fit {dtype.name}")
    return cast


def _box(space: object, value: object) -> object:
    return _array(space, value, np.dtype(space.dtype).kind == "f")


def _integers(space: object, value: object) -> object:
    return _array(space, value, False)


def _dict(space: object, value: object) -> object:
    if type(value) is not dict or set(value) != set(space.spaces):
        raise IllegalAction(f"{_show(value)} is not an object with the keys {', '.join(map(str, space.spaces))}")
    return {key: _coerce(part, value[key]) for key, part in space.spaces.items()}


def _items(value: object, count: int | None) -> tuple:
    if type(value) not in (list, tuple, ForeignTuple) or (count is not None and len(value) != count):
        raise IllegalAction(f"{_show(value)} is not a list{'' if count is None else f' of {count}'}")
    return tuple(value)


def _tuple(space: object, value: object) -> object:
    return tuple(_coerce(part, item) for part, item in zip(space.spaces, _items(value, len(space.spaces))))


def _text(space: object, value: object) -> object:
    if type(value) is not str:
        raise IllegalAction(f"{_show(value)} is not a text")
    return value


def _sequence(space: object, value: object) -> object:
    stacked = getattr(space, "stack", False)  # from 0.29 on
    return value if stacked else tuple(_coerce(space.feature_space, item) for item in _items(value, None))


def _one_of(space: object, value: object) -> object:
    index, item = _items(value, 2)
    index = _integer(index)
    if not 0 <= index < len(space.spaces):
        raise IllegalAction(f"{index} is not the number of an alternative")
    return (np.int64(index), _coerce(space.spaces[index], item))


def _graph(space: object, value: object) -> object:
    parts = _items(value, 3)
    return graph_instance(space, tuple(part if part is None else np.asarray(_nested(part)) for part in parts))


def _nested(value: object) -> object:
    """Arrays, numbers and lists of them; numpy would ask anything else for an interface to memory."""
    if isinstance(value, (np.ndarray, np.generic)) or type(value) in (bool, int, float):
        return value
    if type(value) not in (list, tuple):
        raise IllegalAction(f"{_show(value)} is not an array")
    return [_nested(item) for item in value]


_Converter = Callable[[object, object], object]
_CONVERTERS: dict[str, _Converter] = {
    "Choice": _choice,
    "Discrete": _discrete,
    "Box": _box,
    "MultiDiscrete": _integers,
    "MultiBinary": _integers,
    "Dict": _dict,
    "Tuple": _tuple,
    "Text": _text,
    "Sequence": _sequence,
    "OneOf": _one_of,
    "Graph": _graph,
}


def _show(value: object) -> str:
    """A short text about a plain value, the same in every run and never long to make."""
    if value is None or type(value) is bool:
        return {None: "null", True: "true", False: "false"}[value]
    if type(value) is int:
        return str(value) if value.bit_length() <= 128 else f"an integer of {value.bit_length()} bits"
    if type(value) is float:
        return repr(value) if math.isfinite(value) else {True: "NaN"}.get(value != value, "an infinite number")
    if type(value) is str:
        return ascii(value) if len(value) <= 40 else f"a text of {len(value)} characters"
    if np is not None and isinstance(value, np.number):
        return f"{value.dtype.name} {value.item()!r}"
    if np is not None and isinstance(value, (np.ndarray, np.generic)):
        return f"an array of {value.dtype.name} and shape {value.shape}"
    if type(value) in (list, tuple):
        short = len(value) <= 8 and all(type(item) in (int, float, bool, type(None)) for item in value)
        return f"[{', '.join(map(_show, value))}]" if short else f"a list of {len(value)}"
    return f"a value of type {type(value).__name__}"


def _show_space(space: object) -> str:
    try:
        text = str(space)
    except Exception:
        text = ""
    return text if 0 < len(text) <= 300 else f"the {type(space).__name__} space"
