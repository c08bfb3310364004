"""Keeps numpy from finding nothing to be equal to everything.

numpy stretches an empty array over any other: compared with three numbers, ``np.empty((0, 1))`` gives no result at all, and
``all`` of nothing is true. A test that says ``np.allclose(answer, expected)`` or ``(answer == expected).all()`` would take
that for a right answer, whatever it expects. In a judge's process an empty answer is equal to empty ones only.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable

# Functions of numpy that say whether two values are equal, and those of its `testing` that raise where they are not.
_SAYING = ("allclose", "array_equiv", "isclose")
_RAISING = (
    "assert_allclose",
    "assert_almost_equal",
    "assert_array_almost_equal",
    "assert_array_equal",
    "assert_equal",
)


def refuse_empty_matches(source: bytes) -> None:
    """Makes it so where the judge's file uses numpy; pytest's `approx` too, once it is loaded."""
    if b"numpy" in source:
        import numpy as np
        import numpy.testing

        for name in _SAYING:
            _wrap(np, name, lambda: np.False_)
        for name in _RAISING:
            _wrap(np.testing, name, _fail)
    approx = sys.modules.get("_pytest.python_api")
    if approx is not None:
        _wrap(approx.ApproxScalar, "__eq__", lambda: False)


def guarded(value: object) -> object:
    """A value that came from a solution, with its empty arrays as ones that refuse to be stretched."""
    np = sys.modules.get("numpy")
    return value if np is None else _guarded(value, np)


def _guarded(value: object, np: object) -> object:
    kind = type(value)
    if kind is np.ndarray:
        return value.view(_empty_array(np)) if value.size == 0 else value
    if kind in (list, tuple):
        found = [_guarded(each, np) for each in value]
        return value if all(a is b for a, b in zip(found, value, strict=True)) else kind(found)
    if kind is dict:
        return {key: _guarded(each, np) for key, each in value.items()}
    return value


@functools.cache
def _empty_array(np: object) -> type:
    class EmptyArray(np.ndarray):
        """Of a solution: as any other, but that reckoning with an array that holds something is an error."""

        def __array_ufunc__(self, ufunc: object, method: str, *inputs: object, **more: object) -> object:
            for each in inputs:
                # Numbers may be compared with all of its elements, but for what they should be.
                if np.size(each) > 0 and (np.ndim(each) > 0 or ufunc is np.equal):
                    raise AssertionError("an empty array is held against values that it has none of")
            plain = [each.view(np.ndarray) if isinstance(each, EmptyArray) else each for each in inputs]
            if "out" in more:
                more["out"] = tuple(each.view(np.ndarray) if isinstance(each, EmptyArray) else each for each in more["out"])
            found = getattr(ufunc, method)(*plain, **more)
            return found.view(EmptyArray) if type(found) is np.ndarray and found.size == 0 else found

    return EmptyArray


def _wrap(owner: object, name: str, refused: Callable) -> None:
    asked = getattr(owner, name)
    if hasattr(asked, "_refuses_empty_matches"):
        return

    @functools.wraps(asked)
    def refusing(*args: object, **kwargs: object) -> object:
        one, other = [*args, *kwargs.values(), None, None][:2]
        return asked(*args, **kwargs) if _is_empty(one) == _is_empty(other) else refused()

    refusing._refuses_empty_matches = True
    setattr(owner, name, refusing)


def _is_empty(value: object) -> bool:
    """Whether it is an array without elements, or lists that hold none."""
    np = sys.modules.get("numpy")
    if np is not None and isinstance(value, np.ndarray):
        return value.size == 0
    return isinstance(value, (list, tuple)) and all(_is_empty(each) for each in value)


def _fail() -> None:
    raise AssertionError("one of the two is empty")
