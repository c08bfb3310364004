"""Empty values of a solution, kept from being stretched over what a judge expects.

numpy finds no difference between an empty array and any other that it can be stretched over, and takes an empty list for
such an array. What a solution gives that is empty is therefore of a class of its own here: it is a list, a tuple or an
array as any other, but reckoning with it and with values that it has none of is an error.
"""

from __future__ import annotations

import functools
import sys


class _Given:
    """What is known of one test: it has a process of its own."""

    # Whether the judge's text reckons with numpy: lists stay plain ones where it does not.
    reckons = False
    # Whether the solution gave anything that holds nothing.
    empty = False


def expect_numpy() -> None:
    """From here on empty lists and tuples are guarded too."""
    _Given.reckons = True


def expects_numpy() -> bool:
    """Whether a text of the judge's reckons with numpy."""
    return _Given.reckons


def note_empty() -> None:
    """The solution gave something empty: arrays that the judge makes of nothing may come from that."""
    _Given.empty = True


def gave_empty() -> bool:
    """Whether the solution gave something that holds nothing."""
    return _Given.empty


def is_empty(value: object) -> bool:
    """Whether it is an array without elements, or lists that hold none."""
    np = sys.modules.get("numpy")
    if np is not None and isinstance(value, np.ndarray):
        return value.size == 0
    return isinstance(value, (list, tuple)) and all(is_empty(each) for each in value)


def guarded(value: object) -> object:
    """A value that came from a solution, with what is empty in it as values that refuse to be stretched."""
    np = sys.modules.get("numpy")
    return value if np is None else _guarded(value, np)


def unguarded(value: object) -> object:
    """The same with plain arrays: how a guarded value goes back to the solution."""
    np = sys.modules.get("numpy")
    return value if np is None or not _Given.empty else _unguarded(value, np)


def plain_type(value: object) -> type:
    """What `type` says of a value that is not guarded: a judge that asks for it means lists, tuples and arrays."""
    kind = type(value)
    return getattr(kind, "_plain", kind) if kind.__module__ == __name__ else kind


def empty_array(np: object, array: object) -> object:
    """That empty array, as one that refuses to be stretched."""
    return array.view(_empty_array(np))


def _guarded(value: object, np: object) -> object:
    kind = type(value)
    if kind is np.ndarray:
        if value.size > 0:
            return value
        note_empty()
        return empty_array(np, value)
    if kind in (list, tuple):
        found = [_guarded(each, np) for each in value]
        if _Given.reckons and is_empty(value):
            note_empty()
            return (EmptyList if kind is list else EmptyTuple)(found)
        return value if all(a is b for a, b in zip(found, value, strict=True)) else kind(found)
    if kind in (dict, set, frozenset, str, bytes) and not value:
        note_empty()
    if kind is dict:
        return {key: _guarded(each, np) for key, each in value.items()}
    return value


def _unguarded(value: object, np: object) -> object:
    if isinstance(value, np.ndarray):
        return value.view(np.ndarray) if plain_type(value) is not type(value) else value
    kind = plain_type(value)
    if kind in (list, tuple):
        return kind([_unguarded(each, np) for each in value])
    if kind is dict:
        return {key: _unguarded(each, np) for key, each in value.items()}
    return value


def _reckon(_: object, ufunc: object, method: str, *inputs: object, **more: object) -> object:
    np = sys.modules["numpy"]
    # A matrix product stretches nothing: no rows times a matrix are no rows.
    nothing = ufunc is not np.matmul and any(plain_type(each) is not type(each) and is_empty(each) for each in inputs)
    for each in inputs:
        # Numbers may be compared with all of its elements, but for what they should be.
        if nothing and np.size(each) > 0 and (np.ndim(each) > 0 or ufunc is np.equal):
            raise AssertionError("an empty value is held against values that it has none of")
    plain = [_unguarded(each, np) for each in inputs]
    if "out" in more:
        more["out"] = tuple(_unguarded(each, np) for each in more["out"])
    found = getattr(ufunc, method)(*plain, **more)
    return empty_array(np, found) if type(found) is np.ndarray and found.size == 0 else found


class EmptyList(list):
    """An empty list of a solution, or a list of such."""

    _plain = list
    __class__ = property(lambda self: list)
    __array_ufunc__ = _reckon

    def __reduce_ex__(self, _: object) -> tuple:
        return list, (list(self),)


class EmptyTuple(tuple):
    """An empty tuple of a solution, or a tuple of such."""

    _plain = tuple
    __class__ = property(lambda self: tuple)
    __array_ufunc__ = _reckon

    def __reduce_ex__(self, _: object) -> tuple:
        return tuple, (list(self),)


@functools.cache
def _empty_array(np: object) -> type:
    class EmptyArray(np.ndarray):
        """An empty array of a solution, or what came of one."""

        _plain = np.ndarray
        __class__ = property(lambda self: np.ndarray)
        __array_ufunc__ = _reckon

        def __repr__(self) -> str:
            return repr(self.view(np.ndarray))

        def __reduce_ex__(self, protocol: object) -> tuple:
            return self.view(np.ndarray).__reduce_ex__(protocol)

        def tolist(self) -> list:
            return _guarded(self.view(np.ndarray).tolist(), np)

    return EmptyArray
