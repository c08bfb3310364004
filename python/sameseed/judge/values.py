"""What may cross from a solution to its judge: plain values, by their bytes.

Nothing of the solution's classes crosses. A value of a subclass crosses as the value of the plain class it is of, read
with that class's own methods: what the subclass says of itself is not asked. Whatever else the solution's process does to
this code, all it can make of it is another value.
"""

from __future__ import annotations

from ..recording.canonical import encode
from ..recording.canonical_decode import PLAIN, decode
from ..recording.canonical_tags import CanonicalError, DecodeError

# Sets and dicts with any key too: they are compared by their bytes on the host, which hashes nothing of them.
CROSSING = PLAIN._replace(hashed=True)
# The answers and arguments of one call.
MAX_VALUE = 16 << 20


class NoValue(Exception):
    """The object is no plain value."""


def encode_value(value: object, name: str) -> bytes:
    """The bytes of a plain value; raises NoValue, with the path of what is none."""
    try:
        return _checked(encode(value, name))
    except (CanonicalError, DecodeError):
        pass
    try:
        return _checked(encode(_plain(value, 0), name))
    except (CanonicalError, DecodeError) as error:
        raise NoValue(str(error)) from None


def decode_value(data: bytes) -> object:
    """The value of such bytes; raises DecodeError."""
    return decode(data, CROSSING)


def _checked(data: bytes) -> bytes:
    decode(data, CROSSING)
    if len(data) > MAX_VALUE:
        raise NoValue(f"a value of {len(data)} bytes, where at most {MAX_VALUE} may cross")
    return data


def _plain(value: object, depth: int) -> object:
    kind = type(value)
    if depth > CROSSING.max_depth or kind is bool or value is None:
        return value
    inner = depth + 1
    if issubclass(kind, int):
        return int.__add__(value, 0)
    if issubclass(kind, float):
        # Times one: plus zero would lose the sign of a zero.
        return float.__mul__(value, 1.0) if not _is_numpy(kind) else value
    if issubclass(kind, str):
        return str.__str__(value) if not _is_numpy(kind) else value
    if issubclass(kind, (bytes, bytearray)):
        return value if _is_numpy(kind) else b"".join([value])
    if issubclass(kind, list):
        return [_plain(item, inner) for item in list.__iter__(value)]
    if issubclass(kind, tuple):
        return tuple([_plain(item, inner) for item in tuple.__iter__(value)])
    if issubclass(kind, dict):
        return {_plain(key, inner): _plain(item, inner) for key, item in dict.items(value)}
    if issubclass(kind, set):
        return {_plain(item, inner) for item in set.__iter__(value)}
    if issubclass(kind, frozenset):
        return frozenset([_plain(item, inner) for item in frozenset.__iter__(value)])
    return value


def _is_numpy(kind: type) -> bool:
    return kind.__module__ == "numpy"
