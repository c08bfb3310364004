"""What a judge asks of a solution in another sandbox, and how it is answered: shared by both ends.

Requests and answers are canonical values in the frames of a link. A value crosses as its bytes; what is no plain value
stays where it is and is named by a number. Nothing here is ever called by such a name on the judge's side.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from .values import MAX_VALUE

# Room for a value and the map around it.
MAX_FRAME = MAX_VALUE + (1 << 16)
NONCE = b"judge\0\0\1"
MODULE = 0

# How answers begin.
VALUE, OBJECT, RAISED = 0, 1, 2

_BINARY = ("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "lshift", "rshift", "and", "or", "xor")


def _turned(operate: Callable) -> Callable:
    """The same operation of a value that is on the right."""
    return lambda value, other: operate(other, value)


def _binary() -> dict[str, Callable]:
    found = {"__pow__": pow, "__rpow__": _turned(pow), "__ipow__": operator.ipow}
    found |= {"__divmod__": divmod, "__rdivmod__": _turned(divmod)}
    for name in _BINARY:
        operate = getattr(operator, f"__{name}__")
        found |= {f"__{name}__": operate, f"__r{name}__": _turned(operate)}
        found[f"__i{name}__"] = getattr(operator, f"__i{name}__")
    return found


# Which of two objects of the solution's comes first is its own to say; how one compares with a value of the judge's is not.
ORDER = {"__lt__": operator.lt, "__le__": operator.le, "__gt__": operator.gt, "__ge__": operator.ge}

# Operations that Python looks up on types, by the names of their methods. Equality is missing: it is the judge's to
# decide, and an object that says it equals everything is never asked.
OPERATIONS = {
    "__len__": len,
    "__str__": str,
    "__repr__": repr,
    "__iter__": iter,
    "__next__": next,
    "__reversed__": reversed,
    "__bool__": bool,
    "__int__": int,
    "__float__": float,
    "__round__": round,
    "__trunc__": math.trunc,
    "__floor__": math.floor,
    "__ceil__": math.ceil,
    "__abs__": abs,
    "__neg__": operator.neg,
    "__pos__": operator.pos,
    "__invert__": operator.invert,
    "__getitem__": operator.getitem,
    "__setitem__": operator.setitem,
    "__delitem__": operator.delitem,
    "__contains__": operator.contains,
    "__enter__": lambda value: type(value).__enter__(value),
    "__exit__": lambda value: type(value).__exit__(value, None, None, None),
    **_binary(),
    **ORDER,
}
