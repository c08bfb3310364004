"""What a judge asks of a solution in another sandbox, and how it is answered: shared by both ends.

Requests and answers are canonical values in the frames of a link. A value crosses as its bytes; what is no plain value
stays where it is and is named by a number. Nothing here is ever called by such a name on the judge's side.
"""

from __future__ import annotations

import operator

from .values import MAX_VALUE

# Room for a value and the map around it.
MAX_FRAME = MAX_VALUE + (1 << 16)
NONCE = b"judge\0\0\1"
MODULE = 0

# How answers begin.
VALUE, OBJECT, RAISED = 0, 1, 2

# Operations that Python looks up on types, by the names of their methods. Comparison is missing: equality is the judge's
# to decide, and an object that says it equals everything is never asked.
OPERATIONS = {
    "__len__": len,
    "__str__": str,
    "__repr__": repr,
    "__iter__": iter,
    "__next__": next,
    "__bool__": bool,
    "__int__": int,
    "__float__": float,
    "__abs__": abs,
    "__neg__": operator.neg,
    "__getitem__": operator.getitem,
    "__setitem__": operator.setitem,
    "__delitem__": operator.delitem,
    "__contains__": operator.contains,
    "__add__": operator.add,
    "__sub__": operator.sub,
    "__mul__": operator.mul,
    "__truediv__": operator.truediv,
    "__floordiv__": operator.floordiv,
    "__mod__": operator.mod,
    "__pow__": operator.pow,
    "__matmul__": operator.matmul,
    "__enter__": lambda value: type(value).__enter__(value),
    "__exit__": lambda value: type(value).__exit__(value, None, None, None),
}
