"""Arguments as a server takes them; what none is made of is refused here, in the caller's words."""

from __future__ import annotations

import json
import operator
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from .errors import SameseedError

_SEEDS_END = 2**53


def _is_numpy(value: Any) -> bool:
    """Whoever has one has imported numpy; OpenEnv's validator has none."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, (numpy.generic, numpy.ndarray))


def as_seed(value: Any) -> int:
    """A whole number from 0 to 2**53 - 1. @raises SameseedError `bad_argument`"""
    try:
        seed = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        seed = None
    if seed is None or not 0 <= seed < _SEEDS_END:
        raise SameseedError("bad_argument", f"{value!r} is no seed", f"seeds are whole numbers from 0 to {_SEEDS_END - 1}")
    return seed


def as_seeds(values: Any) -> list[int]:
    """As many as there are. @raises SameseedError `bad_argument`"""
    try:
        return [as_seed(value) for value in values]
    except TypeError:
        raise SameseedError("bad_argument", f"{values!r} is no list of seeds", f"for one: [{values!r}]") from None


def as_texts(name: str, values: Any) -> list[str]:
    """A text alone would be taken for the list of its characters. @raises SameseedError `bad_argument`"""
    if isinstance(values, (str, bytes)) or not isinstance(values, Sequence):
        raise SameseedError("bad_argument", f"{name} is a list of texts, not {values!r}", f"for one: [{values!r}]")
    return list(values)


def as_plain(value: Any) -> Any:
    """Without numpy: its scalars are numbers and texts, its arrays lists."""
    if _is_numpy(value):
        return value.tolist()
    if isinstance(value, Mapping):
        return {as_plain(key): as_plain(each) for key, each in value.items()}
    return [as_plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def as_json(value: Any) -> bytes:
    """@raises SameseedError `bad_argument`"""
    try:
        return json.dumps(as_plain(value)).encode()
    except (TypeError, ValueError) as error:
        raise SameseedError("bad_argument", f"a request cannot be made of that: {error}") from None
