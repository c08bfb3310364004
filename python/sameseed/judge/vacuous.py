"""Keeps numpy and pytest from finding nothing to be equal to everything.

numpy stretches an empty array over any other: compared with three numbers, ``np.empty((0, 1))`` gives no result at all, and
``all`` of nothing is true. A test that says ``np.allclose(answer, expected)`` or ``(answer == expected).all()`` would take
that for a right answer, whatever it expects. In a judge's process an empty answer is equal to empty ones only.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable

from .empty_values import empty_array, expect_numpy, expects_numpy, gave_empty, is_empty
from .remote import SolutionModule

# What a text says that reckons with numpy, or with what is built on it.
_RECKONING = (b"numpy", b"pandas", b"scipy")
# Functions of numpy that say whether two values are equal, and those of its `testing` that raise where they are not.
_SAYING = ("allclose", "array_equiv", "isclose")
_RAISING = (
    "assert_allclose",
    "assert_almost_equal",
    "assert_array_almost_equal",
    "assert_array_equal",
    "assert_equal",
)
# Functions that make an array of what they are given: of a list, and many of one that is guarded, a plain one.
_MAKING = (
    "around",
    "array",
    "asanyarray",
    "asarray",
    "asarray_chkfinite",
    "ascontiguousarray",
    "asfortranarray",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "concatenate",
    "copy",
    "cumprod",
    "cumsum",
    "diff",
    "flip",
    "fromiter",
    "hstack",
    "nan_to_num",
    "ravel",
    "real",
    "reshape",
    "round",
    "sort",
    "squeeze",
    "stack",
    "transpose",
    "unique",
    "vstack",
)


def refuse_empty_matches(source: bytes, path: str, by_pytest: bool = False) -> None:
    """Makes it so for a judge's text, before it runs: for numpy where the text reckons with it, for pytest's `approx` too."""
    if expects_numpy() or any(name in source for name in _RECKONING):
        _refuse_in_numpy()
        # Numba knows numpy's own functions only: a judge that compiles keeps them, and so does a solution in a test's process.
        if b"numba" not in source and isinstance(sys.modules.get("solution"), SolutionModule):
            _guard_what_is_made(path)
    if by_pytest or b"pytest" in source:
        _refuse_in_pytest()


def _refuse_in_numpy() -> None:
    try:
        import numpy as np
        import numpy.testing
    except ImportError:  # the text may only speak of it
        return
    expect_numpy()
    for name in _SAYING:
        _wrap(np, name, lambda: np.False_, _differ)
    for name in _RAISING:
        _wrap(np.testing, name, _fail, _differ)
    _wrap(np.testing, "assert_array_less", _fail, _stretched)


def _guard_what_is_made(path: str) -> None:
    np = sys.modules.get("numpy")
    for name in () if np is None else _MAKING:
        _guard_made(np, name, path)


def _refuse_in_pytest() -> None:
    try:
        import pytest
    except ImportError:  # as above
        return
    _wrap(type(pytest.approx(0.0)), "__eq__", lambda: False, _differ)


def _wrap(owner: object, name: str, refused: Callable, refuses: Callable) -> None:
    asked = getattr(owner, name)
    if hasattr(asked, "_refuses_empty_matches"):
        return

    @functools.wraps(asked)
    def refusing(*args: object, **kwargs: object) -> object:
        one, other = [*args, *kwargs.values(), None, None][:2]
        return refused() if refuses(one, other) else asked(*args, **kwargs)

    refusing._refuses_empty_matches = True
    setattr(owner, name, refusing)


def _guard_made(np: object, name: str, path: str) -> None:
    asked = getattr(np, name)
    texts = getattr(asked, "_guarded_for", None)
    if texts is not None:
        texts.add(path)
        return
    texts = {path}

    @functools.wraps(asked)
    def making(*args: object, **kwargs: object) -> object:
        made = asked(*args, **kwargs)
        # What libraries make of nothing is theirs, and so is what a judge makes before it has been given nothing.
        if gave_empty() and type(made) is np.ndarray and made.size == 0 and sys._getframe(1).f_code.co_filename in texts:
            return empty_array(np, made)
        return made

    making._guarded_for = texts
    setattr(np, name, making)


def _differ(one: object, other: object) -> bool:
    return is_empty(one) != is_empty(other)


def _stretched(one: object, other: object) -> bool:
    np = sys.modules["numpy"]
    return _differ(one, other) and np.ndim(one) > 0 and np.ndim(other) > 0


def _fail() -> None:
    raise AssertionError("one of the two is empty")
