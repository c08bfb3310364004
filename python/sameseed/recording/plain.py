"""What a policy's side sends: the encoding of a plain value, checked with the decoder that will judge it."""

from __future__ import annotations

from .canonical import encode
from .canonical_decode import PLAIN, decode
from .canonical_tags import CanonicalError, DecodeError

try:
    import numpy as np

    _NUMERIC = "biuf"
except ImportError:  # a plain Python image
    np = None
    _NUMERIC = ""

_SIMPLE = (type(None), bool, float, str, bytes)


def encode_plain(value: object, name: str) -> bytes:
    """Encodes a plain value; raises CanonicalError, with a path that starts at `name`, for any other.

    Named tuples are sent as tuples: what else they are called is nothing the receiver could use.
    """
    kind = type(value)
    if kind in _SIMPLE or (np is not None and kind is np.ndarray and value.dtype.kind in _NUMERIC):
        return encode(value, name)
    data = encode(_unnamed(value, 0), name)
    try:
        decode(data, PLAIN)
    except DecodeError as error:
        raise CanonicalError(f"no plain value ({error})").inside(name) from None
    return data


def _unnamed(value: object, depth: int) -> object:
    kind = type(value)
    if depth > PLAIN.max_depth:
        return value
    if kind is list:
        return [_unnamed(item, depth + 1) for item in value]
    if kind is tuple or (kind.__bases__ == (tuple,) and type(kind.__dict__.get("_fields")) is tuple):
        return tuple(_unnamed(item, depth + 1) for item in value)
    if kind is dict:
        return {key: _unnamed(item, depth + 1) for key, item in value.items()}
    return value
