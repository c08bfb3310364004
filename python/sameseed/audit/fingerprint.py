"""Digests and short texts of any value at all, in which no address has a part.

What a value is follows from its type alone: `isinstance` asks the value, and some objects of C refuse even that.

For traces only: what goes into a trajectory is made by `canonical.py`, which refuses what it does not know.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import pathlib
import random
import types
import uuid
from hashlib import blake2b
from itertools import islice
from typing import Any, Callable, Container

from ..recording.canonical_tags import module_name

try:
    import numpy as np
except ImportError:  # a plain Python image
    np = None

# Values without attributes of their own, whose text is all there is to them.
_PLAIN = (
    datetime.date, datetime.time, datetime.timedelta, decimal.Decimal, fractions.Fraction, pathlib.PurePath, uuid.UUID
)  # fmt: skip
# Where ctypes keeps its classes, and the codes of its plain types that are pointers.
_FOREIGN = ("ctypes", "_ctypes")
_POINTERS = "zZPOX"
_MOST_PARTS = 1000
# How many values are looked at, those inside others included, before each is looked at less closely, and how closely then.
_MUCH_WORK = 1_000_000
_FEW_PARTS = 60
# What is looked at of each part of a set at least, however many there are.
_PARTS_IN_SET = 4
_MOST_BYTES = 1 << 16
_MOST_DEPTH = 6
_MOST_TEXT = 120


def fingerprint(value: Any) -> bytes:
    """Eight bytes that are equal where two values are: of like types, with like contents."""
    return Fingerprints().of(value)


class Fingerprints:
    """Digests of many values, one after the other: after much work each value is looked at less closely.

    What has been looked at is counted, not timed, so that two traces of the same program look equally closely at each value.
    """

    def __init__(
        self,
        much_work: int = _MUCH_WORK,
        is_own: Callable[[type], bool] = lambda _: False,
        busy: Container[int] = (),
    ) -> None:
        """`is_own` tells the classes whose methods are traced, `busy` the addresses of objects whose methods run."""
        self.left = much_work
        self.is_own = is_own
        self.busy = busy

    def of(self, value: Any) -> bytes:
        walk = _Walk(_MOST_PARTS if self.left > 0 else _FEW_PARTS, self.is_own, self.busy)
        digest = blake2b(walk.describe(value, 0), digest_size=8).digest()
        self.left -= walk.work
        return digest


class _Walk:
    """One value taken apart; what is very large or deep only as far as it takes to tell most values apart."""

    def __init__(self, most_parts: int, is_own: Callable[[type], bool], busy: Container[int]) -> None:
        self.most = most_parts
        self.is_quick = most_parts < _MOST_PARTS
        self.is_own = is_own
        self.busy = busy
        # Whether an object of the program's own is being taken apart.
        self.inside = False
        self.left = most_parts
        self.work = 0
        self.open: set[int] = set()

    def describe(self, value: Any, depth: int) -> bytes:
        self.work += 1
        kind = type(value)
        if value is None or kind in (bool, int, float, complex):
            return f"{kind.__name__} {value!r};".encode()
        if kind is str:
            return f"str {len(value)} ".encode() + value[:_MOST_BYTES].encode("utf-8", "surrogatepass")
        if kind in (bytes, bytearray):
            return f"{kind.__name__} {len(value)} ".encode() + bytes(value[:_MOST_BYTES])
        self.left -= 1
        if depth > _MOST_DEPTH or self.left <= 0 or id(value) in self.open:
            return f"… {kind.__qualname__};".encode()
        self.open.add(id(value))
        try:
            return f"{kind.__qualname__}(".encode() + self._parts(value, kind, depth + 1) + b")"
        except MemoryError:
            raise
        except Exception:
            # Some objects of C refuse whatever is asked of them: an error here would end the trace.
            return f"… {kind.__qualname__};".encode()
        finally:
            self.open.discard(id(value))

    def _parts(self, value: Any, kind: type, depth: int) -> bytes:
        if issubclass(kind, (list, tuple)):
            first = list(islice(value, self.most))
            return str(len(value)).encode() + b"".join(self.describe(item, depth) for item in first)
        if issubclass(kind, dict):
            items = list(islice(value.items(), self.most))
            parts = (self.describe(key, depth) + self.describe(item, depth) for key, item in items)
            return str(len(value)).encode() + b"".join(parts)
        if issubclass(kind, (set, frozenset)):
            return str(len(value)).encode() + b"".join(sorted(self._unordered(value, depth)))
        if np is not None and issubclass(kind, (np.ndarray, np.generic)):
            return self._array(np.asarray(value), depth)
        if issubclass(kind, random.Random):
            # A generator of the system's keeps no state.
            return b"" if issubclass(kind, random.SystemRandom) else repr(value.getstate()).encode()
        if np is not None and issubclass(kind, np.random.Generator):
            return self.describe(value.bit_generator.state, depth)
        if np is not None and issubclass(kind, np.random.RandomState):
            return self.describe(value.get_state(), depth)
        if issubclass(kind, types.FunctionType):
            return self.describe([value.__qualname__, value.__defaults__, value.__kwdefaults__], depth)
        if issubclass(kind, (type, types.ModuleType)):
            return str(getattr(value, "__name__", "")).encode()
        if issubclass(kind, _PLAIN):
            return str(value).encode()
        if any(module_name(base) in _FOREIGN for base in kind.__mro__):
            return self._foreign(value, depth)
        own = getattr(value, "__dict__", None)
        if type(own) is not dict:
            return b""
        return self._own_object(value, own, depth) if self.is_own(kind) else self.describe(own, depth)

    def _unordered(self, values: Any, depth: int) -> list[bytes]:
        """The parts of a set. Which come first follows from their addresses, so that each is looked at as closely as the others."""
        if self.is_quick and len(values) > self.most:
            return []
        left = self.left
        share = max(_PARTS_IN_SET, left // max(1, len(values)))
        described = []
        for item in list(values):
            self.left = share
            described.append(self.describe(item, depth))
            left -= share - self.left
        self.left = left
        return described

    def _own_object(self, value: Any, attributes: dict, depth: int) -> bytes:
        """An object's attributes, without those of other objects of the program's that it knows.

        Most know the whole environment. Were that part of each, then what an earlier episode left anywhere in it would
        show in every line, and the line that looks at it not stand out. What methods do to an object is seen in them.
        """
        if self.inside or id(value) in self.busy:
            return b""
        self.inside = True
        try:
            return self.describe(attributes, depth)
        finally:
            self.inside = False

    def _foreign(self, value: Any, depth: int) -> bytes:
        """A number or a letter of C; libraries, functions, pointers and what may hold some are addresses."""
        code = getattr(value, "_type_", None)
        return self.describe(value.value, depth) if type(code) is str and code not in _POINTERS else b""

    def _array(self, array: Any, depth: int) -> bytes:
        head = f"{array.dtype} {array.shape} ".encode()
        if array.dtype.hasobject:
            return head + self.describe(array.flat[: self.most].tolist(), depth)
        if self.is_quick and array.nbytes > _MOST_BYTES:
            array = array.flat[:: -(-array.nbytes // _MOST_BYTES)]
        return head + blake2b(np.ascontiguousarray(array).tobytes()).digest()


def shown(value: Any) -> str:
    """A short text about a value: the value itself where it is plain, else what it is."""
    kind = type(value)
    if value is None or kind in (bool, int, float, str, bytes) or issubclass(kind, _PLAIN):
        text = repr(value)
    elif kind in (list, tuple) and len(value) <= 64 and all(type(item) in (bool, int, float, str, bytes) for item in value):
        text = repr(value)
    elif np is not None and issubclass(kind, np.generic):
        text = repr(value.item())
    elif np is not None and issubclass(kind, np.ndarray):
        text = f"an array of {value.dtype.name} and shape {value.shape}"
    elif issubclass(kind, (list, tuple, dict, set, frozenset)):
        text = f"a {kind.__name__} of {len(value)}"
    else:
        text = f"a value of type {kind.__name__}"
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…"
