"""What plain values of the standard library and of numpy are written as, beyond those that have an encoding of their own.

They are `typed`: the type's name and a base value that holds all of it. Classes of modules that an environment may not use
are told by their names, so that nothing is imported here for them. The first class in an object's order of resolution that
has a reader counts, and what a subclass adds is not written, as with subclasses of builtins.
"""

from __future__ import annotations

import sys
import types
from collections import deque
from collections.abc import Callable

from .canonical_tags import type_name

try:
    import numpy as np
except ImportError:  # a plain Python image
    np = None

Reader = Callable[[type, object], object]


def _text(base: type, value: object) -> str:
    return base.__str__(value)


def _iso(base: type, value: object) -> str:
    return base.isoformat(value)


def _items(base: type, value: object) -> list:
    return list(base.__iter__(value))


_BUILTINS: dict[type, Reader] = {
    bytearray: lambda base, value: bytes(value),
    complex: lambda base, value: (base.real.__get__(value), base.imag.__get__(value)),
    type({}.items()): _items,
    type({}.keys()): _items,
    type({}.values()): _items,
    deque: _items,
    range: lambda base, value: (value.start, value.stop, value.step),
    types.MappingProxyType: lambda base, value: dict(value),
    types.SimpleNamespace: lambda base, value: dict(vars(value)),
}

_BY_NAME: dict[str, Reader] = {
    "datetime.date": _iso,
    "datetime.datetime": _iso,
    "datetime.time": _iso,
    "datetime.timedelta": lambda base, value: tuple(
        getattr(base, part).__get__(value) for part in ("days", "seconds", "microseconds")
    ),
    "decimal.Decimal": _text,
    "fractions.Fraction": lambda base, value: (value._numerator, value._denominator),
    "pathlib.PurePath": _text,
    "pathlib._local.PurePath": _text,
    "uuid.UUID": _text,
}

# numpy's kinds of elements that have no encoding of their own: complex numbers, times, spans of time, objects.
OTHER_KINDS = "cMmO"


def value_of(value: object) -> object | None:
    """The base value of a plain value of another type; None for every other object."""
    if np is not None and isinstance(value, np.generic):
        array = np.asarray(value)
        return elements(array) if array.dtype.kind in OTHER_KINDS else None
    for base in type(value).__mro__:
        read = _reader(base)
        if read is not None:
            return read(base, value)
    return None


def elements(array: object) -> object:
    """The base value of an array of one of the other kinds: what its elements are, and those."""
    kind, name = array.dtype.kind, array.dtype.name
    if kind == "O":
        return name, list(array.shape), array.reshape(-1).tolist()
    native = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("=")).reshape(array.shape)
    if kind == "c":
        return name, np.stack([native.real, native.imag], axis=-1)
    return name, native.view(np.int64)


def _reader(cls: type) -> Reader | None:
    name = type_name(cls)
    if cls in _BUILTINS:
        return _BUILTINS[cls]
    # A class of another's can have any name; modules with other names are not asked, since that may run their code.
    return _BY_NAME[name] if name in _BY_NAME and _called(name) is cls else None


def _called(name: str) -> object:
    module, _, own = name.rpartition(".")
    return getattr(sys.modules.get(module), own, None)
