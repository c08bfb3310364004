"""Canonical encoding of numpy arrays and scalars.

Theory of operation. An array is tag 40 over [shape, typed array]. Everything before the element bytes depends only on
dtype and shape, and an environment uses few of those, so that part is cached. A scalar is written as the array of
shape [], directly from its value. NaNs are canonicalised, because the payload bits of a NaN depend on the instruction
that made it; looking for NaNs costs more than copying the elements, hence the short cut for small arrays.

Plain Python images have no numpy; then there is nothing to encode and the table is empty.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

from .canonical_tags import (
    MAX_ARRAY_BYTES,
    MAX_DEPTH,
    NUMERIC_TAGS,
    TAG_ARRAY,
    TAG_BOOL_ELEMENTS,
    TAG_BYTES_ELEMENTS,
    TAG_TEXT_ELEMENTS,
    CanonicalError,
    head,
)

try:
    import numpy as np
except ImportError:  # a plain Python image
    np = None

Encoder = Callable[[object, int], bytes]

_SMALL_ARRAY = 64
_HEAD_CACHE_SIZE = 512
_PACK_FORMATS = {"u": "?BH?I???Q", "i": "?bh?i???q", "f": "??e?f???d"}

_encode_others: Encoder
_heads: dict[tuple, tuple[bytes, str]] = {}


def _array_prefix(shape: tuple[int, ...]) -> bytes:
    return head(6, TAG_ARRAY) + b"\x82" + head(4, len(shape)) + b"".join(head(0, n) for n in shape)


def _has_elements(dtype: np.dtype) -> bool:
    """Whether its elements have an encoding of their own."""
    return dtype.kind in "bUS" or (dtype.kind, dtype.itemsize) in NUMERIC_TAGS


def _make_head(dtype: np.dtype, shape: tuple[int, ...]) -> tuple[bytes, str]:
    count = math.prod(shape)
    if math.prod(n for n in shape if n) * dtype.itemsize > MAX_ARRAY_BYTES:
        raise CanonicalError(f"an array of more than {MAX_ARRAY_BYTES} bytes, or with sizes for them, has no encoding")
    prefix = _array_prefix(shape)
    if dtype.kind == "b":
        return prefix + head(6, TAG_BOOL_ELEMENTS) + head(2, count), "b"
    tag = NUMERIC_TAGS.get((dtype.kind, dtype.itemsize))
    if tag is not None:
        return prefix + head(6, tag) + head(2, count * dtype.itemsize), dtype.kind
    if dtype.kind == "U":
        width, tag = dtype.itemsize // 4, TAG_TEXT_ELEMENTS
    else:
        width, tag = dtype.itemsize, TAG_BYTES_ELEMENTS
    # An empty string has no width of its own; numpy's smallest is 1.
    return prefix + head(6, tag) + b"\x82" + head(0, max(width, 1)) + head(4, count), dtype.kind


def _has_nan(array: np.ndarray) -> bool:
    if array.size > _SMALL_ARRAY:
        return bool(np.isnan(array).any())
    total = sum(array.tolist() if array.ndim == 1 else array.reshape(-1).tolist())
    # A sum is NaN when an element is, and for opposite infinities: only then look closely.
    return total != total and bool(np.isnan(array).any())


def _texts(items: list[str]) -> bytes:
    parts = []
    for index, item in enumerate(items):
        try:
            data = item.encode()
        except UnicodeEncodeError:
            raise CanonicalError("text with a lone surrogate has no encoding").inside(f"[element {index}]") from None
        parts.append(head(3, len(data)) + data)
    return b"".join(parts)


def encode_array(array: np.ndarray, depth: int) -> bytes:
    """Encodes an ndarray that is not of a subclass; `depth` counts the containers around it."""
    dtype = array.dtype
    key = (dtype, array.shape)
    known = _heads.get(key)
    if known is None:
        if not _has_elements(dtype):
            return _encode_others(array, depth)
        known = _make_head(dtype, array.shape)
        if len(_heads) >= _HEAD_CACHE_SIZE:
            _heads.clear()
        _heads[key] = known
    prefix, kind = known
    if depth + (5 if kind in "US" else 3) > MAX_DEPTH:
        raise CanonicalError(f"nested more than {MAX_DEPTH} deep")
    if kind == "f" and _has_nan(array):
        array = np.where(np.isnan(array), dtype.type(np.nan), array)
    elif kind == "b":
        # A boolean seen through a view may hold bytes other than 0 and 1.
        return prefix + array.view(np.uint8).astype(bool).tobytes()
    elif kind == "U":
        return prefix + _texts(array.reshape(-1).tolist())
    elif kind == "S":
        return prefix + b"".join(head(2, len(item)) + item for item in array.reshape(-1).tolist())
    if not dtype.isnative:
        array = array.astype(dtype.newbyteorder("<"))
    return prefix + array.tobytes()


def uint32_array(data: bytes) -> bytes:
    """Encodes little-endian words as the one-dimensional uint32 array they are, without numpy."""
    return _array_prefix((len(data) // 4,)) + head(6, NUMERIC_TAGS["u", 4]) + head(2, len(data)) + data


def _number_encoder(kind: str, size: int) -> Encoder:
    prefix = _array_prefix(()) + head(6, NUMERIC_TAGS[kind, size]) + head(2, size)
    pack = struct.Struct("<" + _PACK_FORMATS[kind][size]).pack
    nan = {2: "007e", 4: "0000c07f", 8: "000000000000f87f"}
    nan_bytes = prefix + bytes.fromhex(nan[size]) if kind == "f" else b""

    def encode_integer(value: object, depth: int) -> bytes:
        if depth + 3 > MAX_DEPTH:
            raise CanonicalError(f"nested more than {MAX_DEPTH} deep")
        return prefix + pack(value)

    def encode_float(value: object, depth: int) -> bytes:
        if depth + 3 > MAX_DEPTH:
            raise CanonicalError(f"nested more than {MAX_DEPTH} deep")
        number = float(value)
        return prefix + pack(number) if number == number else nan_bytes

    return encode_float if kind == "f" else encode_integer


def _encode_through_array(value: object, depth: int) -> bytes:
    return encode_array(np.asarray(value), depth)


def array_encoders(others: Encoder) -> dict[type, Encoder]:
    """One encoder for each numpy type that has an encoding; empty without numpy. `others` takes arrays of other elements."""
    global _encode_others
    _encode_others = others
    if np is None:
        return {}
    table: dict[type, Encoder] = {np.ndarray: encode_array}
    for scalar in (np.bool_, np.str_, np.bytes_):
        table[scalar] = _encode_through_array
    # Some widths have two C types behind them, and so two scalar classes.
    for code in "bBhHiIlLqQefd":
        dtype = np.dtype(code)
        table[dtype.type] = _number_encoder(dtype.kind, dtype.itemsize)
    return table
