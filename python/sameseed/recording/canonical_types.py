"""Values whose type is not one of the canonical ones: instances of subclasses, plain values of other types
(canonical_values.py), and what an `encode` hook takes apart.

An instance of a subclass of a builtin type, of `ndarray` or of a named tuple is written with its type's name and its base
value. The base value is read with the base type's own methods: a subclass may override whatever it likes, and none of its
code runs here. What else an instance holds, attributes say, is not in its bytes.
"""

from __future__ import annotations

from collections.abc import Callable

from .canonical_tags import CanonicalError, type_name
from .canonical_values import OTHER_KINDS, elements, value_of

try:
    import numpy as np
except ImportError:  # a plain Python image
    np = None

_whole = slice(None)
_BASES: tuple[tuple[type, Callable[[object], object]], ...] = (
    (int, int.__pos__),
    (float, float.__pos__),
    (str, str.__str__),
    (bytes, lambda value: bytes.__getitem__(value, _whole)),
    (list, list.copy),
    (tuple, lambda value: tuple.__getitem__(value, _whole)),
    (dict, lambda value: dict(dict.items(value))),
    (set, lambda value: set(set.__iter__(value))),
    (frozenset, lambda value: frozenset(frozenset.__iter__(value))),
)

_hook: Callable[[object], object] | None = None


def set_hook(hook: Callable[[object], object] | None) -> None:
    """Takes the function that turns objects without an encoding into values that have one."""
    global _hook
    _hook = hook


def is_named_tuple(cls: type) -> bool:
    """Whether a class is what `collections.namedtuple` makes."""
    return cls.__bases__ == (tuple,) and type(cls.__dict__.get("_fields")) is tuple


def plain_part(value: object) -> object:
    """The base value of an instance of a subclass, or what the hook makes of an object; raises CanonicalError."""
    cls = type(value)
    if np is not None and issubclass(cls, np.generic):
        base = np.asarray(value)[()]
        if type(base) is not cls:
            return base
    if np is not None and issubclass(cls, np.ndarray):
        if issubclass(cls, np.ma.MaskedArray):
            raise CanonicalError("a masked array has no encoding: record its data and its mask")
        return np.ndarray.view(value, np.ndarray)
    for base in cls.__mro__[1:]:
        if is_named_tuple(base):
            return tuple.__new__(base, tuple.__iter__(value))
    for base, read in _BASES:
        if issubclass(cls, base):
            return read(value)
    plain = value_of(value)
    if plain is not None:
        return plain
    return hooked(value, f"objects of type {type_name(cls)}")


def array_part(array: object) -> object:
    """The base value of an array whose elements have no encoding of their own; raises CanonicalError."""
    if array.dtype.kind in OTHER_KINDS:
        return elements(array)
    return hooked(array, f"arrays of dtype {array.dtype.name}")


def hooked(value: object, called: str) -> object:
    """What the hook makes of an object; raises CanonicalError where there is none."""
    if _hook is None:
        raise CanonicalError(f"{called} have no encoding", is_unknown=True)
    return _hook(value)
