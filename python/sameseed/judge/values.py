"""What may cross from a solution to its judge: plain values, by their bytes.

Nothing of the solution's classes crosses. A value of a subclass crosses as the value of the plain class it is of, read
with that class's own methods: what the subclass says of itself is not asked. Whatever else the solution's process does to
this code, all it can make of it is another value.
"""

from __future__ import annotations

from ..recording.canonical import encode
from ..recording.canonical_decode import PLAIN, decode
from ..recording.canonical_tags import MAX_DEPTH, CanonicalError, DecodeError, module_name

# Sets and dicts with any key too: they are compared by their bytes on the host, which hashes nothing of them. Depth and
# integers as the encoder and the host have them: factorials are honest results.
CROSSING = PLAIN._replace(max_depth=MAX_DEPTH, max_integer_bytes=1 << 20, hashed=True)
# The answers and arguments of one call.
MAX_VALUE = 16 << 20
# Up to so many bytes an encoding is decoded again to see that it is one of a plain value; decoding more would cost the
# solution memory that is none of its own.
_DECODED_MOST = 1 << 16

_ATOMS = frozenset((type(None), bool, int, float, str, bytes))


class NoValue(Exception):
    """The object is no plain value."""


def encode_value(value: object, name: str) -> bytes:
    """The bytes of a plain value; raises NoValue, with the path of what is none."""
    try:
        return _encoded(value, name)
    except (CanonicalError, DecodeError):
        pass
    try:
        return _encoded(_plain(value, 0), name)
    except (CanonicalError, DecodeError) as error:
        raise NoValue(str(error)) from None


def decode_value(data: bytes) -> object:
    """The value of such bytes; raises DecodeError."""
    return decode(data, CROSSING)


def _encoded(value: object, name: str) -> bytes:
    if not _is_plain(value, 0):
        raise CanonicalError("not of plain types").inside(name)
    data = encode(value, name)
    if len(data) > MAX_VALUE:
        raise NoValue(f"a value of {len(data)} bytes, where at most {MAX_VALUE} may cross")
    if len(data) <= _DECODED_MOST:
        decode(data, CROSSING)
    return data


def _is_plain(value: object, depth: int) -> bool:
    """Whether nothing in it is of a class of anybody's own."""
    kind = type(value)
    if kind in _ATOMS:
        return True
    if depth > MAX_DEPTH:
        return False
    if kind is dict:
        for key, item in value.items():
            if not (_is_plain(key, depth + 1) and _is_plain(item, depth + 1)):
                return False
        return True
    if kind in (list, tuple, set, frozenset):
        for item in value:
            if not _is_plain(item, depth + 1):
                return False
        return True
    return _is_numpy(kind)


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
    return module_name(kind) == "numpy"
